"""What a community shows on other sites: boards, celebrations and cards, each as a page to frame and as JSON."""
