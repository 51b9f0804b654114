"""How the points were made on which the estimates for emulated boards rest."""
