"""figures/explorer.html: the results of a study as one page that works offline.

`data` gathers what the page carries, `page` joins it with the sources beside this file. The page computes what to buy
itself, for any price and budget, by the rules of analysis.posterior, .choices and .frontier.
"""
