"""The types of events and the channels that a community declares in its programme, as the front door knows them."""
