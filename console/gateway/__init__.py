"""One address for the five services: their requests are passed on by the templates of their OpenAPI documents."""
