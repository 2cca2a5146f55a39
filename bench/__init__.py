"""How fast is allcores, and against whom? ``python -m bench``; the rules are in bench/README.md.

Only the public interface is used: what is measured is what a program that imports it gets.
"""
