"""Charts of the report: plain data from records (a file a picture), drawn by matplotlib and by plotly."""
