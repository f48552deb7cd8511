"""moto, corrected where its shape would mislead a network audit, and with AWS's own answers where it has none.

What AWS answers for what nobody made: an empty list, or its default. moto's own classes are changed in
place, so that its reader of requests and its writer of answers, which follow AWS's models, serve here too.
"""

from . import addons, clusters, images, names, networks

__all__ = ["addons", "clusters", "images", "names", "networks"]
