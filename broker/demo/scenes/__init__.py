"""The story, scene by scene. Each plays through the house's verbs, and checks what it claims."""
