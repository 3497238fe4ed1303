"""Members are asked by rule, and answer: by their page, by a link without signing in, by the API."""
