"""Types of events and channels that a community declares in its programme, as the front door knows them."""
