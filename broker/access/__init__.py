"""The decision point: what partners' own systems ask that enforce the same covenant (OpenID AuthZEN Authorization API 1.0).

It answers from the covenant and from what the caller says of the case, and from nothing else: no case, no source and no deposit is read.
"""
