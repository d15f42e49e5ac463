# What a person does with this project. `make run` and `make test` are enough to begin with.

PREFIX ?= /usr/local
DESTDIR ?=
SWIFT ?= swift
SCRATCH ?= .build

# The program, the tests, a terminal and a pipe all build with the same flags, so that no build throws
# another one away.
FLAGS = -c release --scratch-path $(SCRATCH) --no-color-diagnostics
BUILD = $(SWIFT) build $(FLAGS)
TEST = $(SWIFT) test $(FLAGS) --disable-testable-imports
PROGRAM = $(SCRATCH)/release/optrepl
SWIFT_FILES = Package.swift Sources Tests
# What `make install` puts under PREFIX.
INSTALLED = bin/optrepl share/optrepl share/man/man1/optrepl.1 \
  share/bash-completion/completions/optrepl share/zsh/site-functions/_optrepl \
  share/fish/vendor_completions.d/optrepl.fish

FUZZ ?= 100000

.PHONY: help fuzz run test check build install uninstall format lint golden docs bench clean setup

help:
	@echo 'make run      build, run examples/tour.opt, stay at the prompt'
	@echo 'make test     run the tests on the optimised build'
	@echo 'make check    lint, build, tests, reference pages: what must pass before a merge'
	@echo 'make install  install under PREFIX ($(PREFIX)); make uninstall takes it away'
	@echo 'make format   rewrite the Swift files in the common format'
	@echo 'make golden   write the expected outputs of the golden tests anew'
	@echo 'make docs     write docs/reference and the manual page anew'
	@echo 'make bench    measure start-up and the benchmark programs'
	@echo 'make fuzz     compare the engines on FUZZ ($(FUZZ)) random programs'

run: build
	@if [ -t 0 ] && [ -t 1 ]; then exec $(PROGRAM) -i examples/tour.opt; \
	else exec $(PROGRAM) examples/tour.opt; fi

build: setup
	@$(BUILD) --product optrepl

test: build
	$(TEST)

check: setup lint
	$(BUILD) --explicit-target-dependency-import-check error
	$(TEST)
	$(PROGRAM) reference --check docs/reference

lint:
	$(SWIFT) format lint --strict --parallel -r $(SWIFT_FILES)

format:
	$(SWIFT) format -i --parallel -r $(SWIFT_FILES)

golden: build
	UPDATE_GOLDEN=1 $(TEST) --filter GoldenTests

docs: build
	$(PROGRAM) reference docs/reference

fuzz: setup
	OPTREPL_FUZZ=$(FUZZ) $(TEST) --filter 'NativeTests'

bench: build
	@.ci/bench $(PROGRAM)

# The program carries the Swift libraries in itself and needs no toolchain. Under sudo there may be
# none on PATH: then what `make build` made is installed.
install:
	@if command -v $(SWIFT) > /dev/null; then $(MAKE) --no-print-directory build; \
	elif [ ! -x $(PROGRAM) ]; then echo 'Please run make build first.' >&2; exit 1; fi
	@install -d $(addprefix "$(DESTDIR)$(PREFIX)"/,bin share/optrepl share/man/man1 \
	  share/bash-completion/completions share/zsh/site-functions share/fish/vendor_completions.d)
	@install -m 755 $(PROGRAM) "$(DESTDIR)$(PREFIX)/bin/optrepl"
	@[ "$$(uname -s)" != Linux ] || strip "$(DESTDIR)$(PREFIX)/bin/optrepl" || true
	@rm -rf "$(DESTDIR)$(PREFIX)/share/optrepl/stdlib" "$(DESTDIR)$(PREFIX)/share/optrepl/examples"
	@cp -R stdlib examples "$(DESTDIR)$(PREFIX)/share/optrepl/"
	@install -m 644 docs/optrepl.1 "$(DESTDIR)$(PREFIX)/share/man/man1/optrepl.1"
	@cd "$(DESTDIR)$(PREFIX)" && for shell in \
	  bash:share/bash-completion/completions/optrepl zsh:share/zsh/site-functions/_optrepl \
	  fish:share/fish/vendor_completions.d/optrepl.fish; do \
	  bin/optrepl --generate-completion-script "$${shell%%:*}" > "$${shell#*:}" || exit 1; done
	@echo 'Installed in $(DESTDIR)$(PREFIX):'
	@printf '  %s\n' $(INSTALLED)

uninstall:
	@cd "$(DESTDIR)$(PREFIX)" && rm -rf $(INSTALLED)
	@echo 'Removed from $(DESTDIR)$(PREFIX):'
	@printf '  %s\n' $(INSTALLED)

clean:
	rm -rf $(SCRATCH)

setup:
	@.ci/setup
