"""Which proxies this machine is told to use, and by whom: one reader per source, every one a list of ProxySettings."""
