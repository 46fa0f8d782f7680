"""The parts of the HTML view: page, style and script; `pipelines.export_html` puts them together."""
