"""The workstation told as it is: session, browser, headset, link and machine, in sentences; and what they cause."""
