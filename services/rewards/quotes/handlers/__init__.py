"""Cards are quoted anew, by rates or by their providers, and redeemed and ordered at a quote that holds."""
