"""The case registry: what a case is (`state`), who may change it (`rules`), and how a change becomes lasting (`registry`)."""
