"""The authorization server: client credentials with `private_key_jwt`, JWT access tokens, nothing else.

NL GOV Assurance profile for OAuth 2.0 v1.2.0, direct-access clients. Authlib runs the protocol, joserfc the signatures; what is here
is what the profile and the covenant ask beyond them.
"""
