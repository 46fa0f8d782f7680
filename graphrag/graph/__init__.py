"""Graph kernels on compressed sparse rows: neighbourhoods, random walks, communities."""
