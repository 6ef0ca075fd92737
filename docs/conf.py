# How Sphinx makes the site: build_site.py has put the pages into one folder, laid out as the tree is, so the
# links between documents are the same here and in the repository. Nothing is fetched from elsewhere.

import os

project = 'Mitos'
language = 'en'
root_doc = 'docs/index'

extensions = ['myst_parser', 'breathe']

myst_heading_anchors = 4  # as on GitHub: [Boot](architecture.md#boot)
highlight_language = 'none'

# Functions and types, by way of Doxygen's XML.
breathe_projects = {'mitos': os.environ['MITOS_DOXYGEN_XML']}
breathe_default_project = 'mitos'
breathe_default_members = ('members', 'undoc-members')
breathe_show_include = False
breathe_domain_by_extension = {'h': 'c'}

html_theme = 'furo'
html_title = 'Mitos'
html_show_sphinx = False
html_copy_source = False
html_show_copyright = False

# For translators: one catalogue for each page, without the places, which change with each edit. A translation is
# locale/LANGUAGE/LC_MESSAGES/docs/PAGE.po.
gettext_compact = False
gettext_location = False
locale_dirs = [os.path.join(os.path.dirname(__file__), 'locale')]
