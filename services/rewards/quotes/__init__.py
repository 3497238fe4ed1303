"""What a gift card in another currency costs in points: quoted for a while, and reserved at the quoted price."""
