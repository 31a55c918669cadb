"""The HTML report of result records: results.py reads them, svg.py and charts.py draw, document.py writes the page."""
