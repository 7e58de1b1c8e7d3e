"""Web: pages, API and exports over search and catalogue. It writes no papers."""
