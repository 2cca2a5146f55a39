# Sets up, builds, tests and measures allcores. 'make' alone prints what there is.
#
#   PYTHON   the interpreter a virtual environment is created from
#   VENV     where it is created; several may live beside each other on one tree:
#            make test PYTHON=python3.12 VENV=.cache/venv-3.12
#   ARGS     further arguments of the command or of pytest: make test ARGS="-x -k queue"
#
# Each finished step leaves a stamp in $(VENV), so a second call starts at once, and a call
# after an interrupted one continues there. Recipes are plain /bin/sh.

PYTHON ?= python3
VENV ?= .venv
ARGS ?=

bin := $(VENV)/bin
# What the extensions are made of. The generated .c files beside the .pyx are not in it.
sources := $(shell find csrc -name '*.[ch]' 2>/dev/null) \
	$(shell find src -name '*.pyx' -o -name '*.pxd' -o -name '*.pxi' -o -name '*.h' 2>/dev/null)

# One recipe at a time: they share the tree.
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help venv build speedup test test-all stress prove prove-protocols bench lint wheel sdist
.PHONY: clean distclean force same-python

# pip says nothing but errors, whoever's configuration it meets.
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export PIP_NO_INPUT := 1
export PIP_USER := 0
# An older wheel rather than a newer source archive: interpreters that a project no longer
# builds for, the free-threaded 3.13 among them, would compile for minutes.
export PIP_PREFER_BINARY := 1

# What was said on this make's command line is for this make: a test that builds a copy of the
# tree with its own make must not inherit it.
MAKEOVERRIDES :=
unexport PYTHON VENV ARGS MAKEFLAGS MFLAGS

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' Makefile | \
		while IFS='|' read -r name what; do printf '  make %-10s %s\n' "$$name" "$$what"; done
	@echo
	@sed -n 's/^#   \(.*\)/  \1/p' Makefile

venv: $(VENV)/.stamp-venv ## create the virtual environment $(VENV) from $(PYTHON)

build: $(VENV)/.stamp-build ## compile and install into it, editable; only what changed

speedup: build ## run the main job: allcores speedup $(ARGS)
	@$(bin)/allcores speedup $(ARGS)

test: build $(VENV)/.stamp-test ## run the tests, those in C included
	@$(bin)/python -m pytest tests $(ARGS)

test-all: build $(VENV)/.stamp-test ## run every test, also sanitizers, packaging and long suites
	@$(bin)/python -m pytest tests --heavy $(ARGS)

stress: build $(VENV)/.stamp-test ## run the stress tests, for STRESS_SECONDS each (default 3600)
	@STRESS_SECONDS="$${STRESS_SECONDS:-3600}" \
		$(bin)/python -m pytest tests -m stress -o faulthandler_timeout=0 $(ARGS)

# Each bench is a program of its own, and stops make when it finds a fault.
prove: $(VENV)/.stamp-venv prove-protocols ## model checker and mutants of the C core, Spin models, kills, other machines
	@$(bin)/python tests/c/model/model_bench.py $(ARGS)
prove-protocols: build $(VENV)/.stamp-test ## the part of 'make prove' that is not the model checker
	@command -v spin >/dev/null || echo "no Spin here, its models are skipped: apt-get install spin"
	@PROVE=1 $(bin)/python -m pytest tests/test_spin.py tests/test_other_machines.py \
		tests/test_c_suite.py::test_killed_after_every_instruction

bench: build $(VENV)/.stamp-bench ## run the benchmarks: python -m bench $(ARGS)
	@$(bin)/python -m bench $(ARGS)

lint: $(VENV)/.stamp-lint ## ruff, and mypy --strict on src
	@status=0; \
		echo "ruff check"; $(bin)/ruff check . || status=1; \
		echo "mypy --strict src"; $(bin)/mypy --strict src || status=1; \
		exit $$status

wheel: build ## build a wheel into dist/
	@rm -rf build/lib.* build/bdist.*
	@$(bin)/python -c "from setuptools import build_meta as b; \
		print('dist/' + b.build_wheel('dist', {'quiet': '1'}))"

sdist: build ## build a source archive into dist/
	@mkdir -p dist
	@$(bin)/python -c "from setuptools import build_meta as b; \
		print('dist/' + b.build_sdist('dist', {'quiet': '1'}))"

clean: ## remove what was built; the virtual environments stay
	rm -rf build dist src/*.egg-info
	rm -f src/allcores/_native/*.so src/allcores/_native/*.c
	rm -f .venv/.stamp-build .cache/*/.stamp-build $(VENV)/.stamp-build

distclean: clean ## remove them too
	@for venv in .venv .cache/venv-* $(VENV); do \
		if [ -f "$$venv/.begun" ]; then echo "rm -rf $$venv"; rm -rf "$$venv"; fi; done

# Without PYTHON given, whatever $(VENV) was created from is right.
ifneq ($(origin PYTHON),file)
$(VENV)/.stamp-venv: | same-python
endif
same-python:
	@sh tools/make_venv.sh --same "$(PYTHON)" "$(VENV)"

# An environment imports from the tree it was made for, by absolute path: a copied or moved
# tree needs its own. One whose interpreter is gone is made anew as well.
ifneq ($(shell test -x $(VENV)/bin/python && cat $(VENV)/.tree 2>/dev/null),$(CURDIR))
$(VENV)/.stamp-venv: force
endif
$(VENV)/.stamp-venv:
	@sh tools/make_venv.sh "$(PYTHON)" "$(VENV)"

# The compiled modules lie in the source tree: removed there, they are built again.
ifeq ($(wildcard src/allcores/_native/*.so),)
$(VENV)/.stamp-build: force
endif
# The stamp is as old as the start of the build: a file saved meanwhile is built next time.
$(VENV)/.stamp-build: $(VENV)/.stamp-venv pyproject.toml setup.py \
		$(wildcard src/allcores/_common/version.py) $(sources)
	@touch $@.begun
	@sh tools/install_editable.sh "$(VENV)"
	@mv $@.begun $@

$(VENV)/.stamp-test $(VENV)/.stamp-bench: $(VENV)/.stamp-%: pyproject.toml $(VENV)/.stamp-venv | $(VENV)/.stamp-build
	@$(bin)/python tools/requirements.py $* >$(VENV)/.requirements-$*
	@echo "installing what [$*] needs"
	@$(bin)/python -m pip install -q -r $(VENV)/.requirements-$*
	@touch $@

$(VENV)/.stamp-lint: tools/requirements-lint.txt $(VENV)/.stamp-venv
	@echo "installing the linters"
	@$(bin)/python -m pip install -q -r tools/requirements-lint.txt
	@touch $@

force:
