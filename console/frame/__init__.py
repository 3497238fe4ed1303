"""What every page stands in: who visits, what is checked of a request, how a page is written."""
