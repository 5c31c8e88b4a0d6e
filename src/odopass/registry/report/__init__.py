"""The vehicle history report: what outside sources say, the document, the public page."""
