"""What each system says of microphones, loudspeakers and the devices behind them."""
