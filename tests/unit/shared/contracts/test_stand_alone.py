"""Who reads only the contracts needs little beside them."""

import sys

import grimp

LIBRARIES = {"pydantic", "pydantic_core", "regex", "typing_extensions", "uuid_utils"}


def test_contracts_import_themselves_the_standard_library_and_few_others() -> None:
    graph = grimp.build_graph("shared", include_external_packages=True, cache_dir=None)
    modules = {"shared.contracts"} | graph.find_descendants("shared.contracts")

    imported = {one for module in modules for one in graph.find_modules_directly_imported_by(module)} - modules

    assert imported - sys.stdlib_module_names == LIBRARIES
