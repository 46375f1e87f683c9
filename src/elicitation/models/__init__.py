"""Language models and classifiers: fetching, converting, loading, adapting, and asking them."""
