# Postern's build. `make help` lists what can be asked for.
#
#   build/release/postern    what runs
#   build/debug/postern      the same under AddressSanitizer and UBSan
#   build/plain/postern      the same for valgrind
#   build/debug/unit/NAME    from t/unit/NAME.c
#   build/fuzz/NAME          from t/fuzz/NAME.c
#
# A unit test or a fuzzer takes from a static archive what it calls, so one
# that includes a .c file itself does not get its functions twice.

CC      = gcc
CLANG   = clang
PREFIX  = /usr/local
DESTDIR =

WARN   = -Wall -Wextra -Wshadow -Wconversion -Wvla -Wstrict-prototypes
# Debian keeps the headers of libpq in a directory of their own.
INC    = -Ifcgi -I/usr/include/postgresql
CSTD   = -std=gnu11 $(WARN) $(INC)
HARDEN = -fPIE -fstack-protector-strong -D_FORTIFY_SOURCE=2
SAN    = -fsanitize=address,undefined -fno-sanitize-recover=undefined
LIBS   = -lfcgi -lpq -ljson-c -lcrypto -largon2 -lcurl

RELEASE_CFLAGS  = $(CSTD) -O2 -flto=auto -DNDEBUG $(HARDEN) $(CFLAGS)
RELEASE_LDFLAGS = -O2 -flto=auto -pie -Wl,-z,relro -Wl,-z,now \
	-Wl,--as-needed $(LDFLAGS)
DEBUG_CFLAGS    = $(CSTD) -O1 -g -fno-omit-frame-pointer $(SAN) $(CFLAGS)
FUZZ_CFLAGS     = $(CSTD) -O1 -g -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined

SRC   := $(sort $(wildcard fcgi/*.c fcgi/*/*.c fcgi/*/*/*.c))
LIB   := $(filter-out fcgi/main.c,$(SRC))
UNIT  := $(patsubst t/unit/%.c,build/debug/unit/%,$(wildcard t/unit/*.c))
FUZZ  := $(patsubst t/fuzz/%.c,build/fuzz/%,$(wildcard t/fuzz/*.c))

# What `make run` and its relatives tell the instance script.
VAR ?=
PORT ?=
TLS_PORT ?=
WORKERS ?=
DATABASE_URL ?=
CORS ?=
export VAR PORT TLS_PORT WORKERS DATABASE_URL CORS

.PHONY: all release debug unit fuzz packages run start stop restart reload \
	status logs migrate psql postern test lint fmt bench install clean \
	help pages

all: release ## build/release/postern (the default), and the pages if npm is there
	@spawn/pages --if-it-can

release: build/release/postern
debug: build/debug/postern ## build/debug/postern, with ASan and UBSan
unit: $(UNIT) ## the C unit tests, build/debug/unit/NAME
fuzz: $(FUZZ) ## the fuzzers, build/fuzz/NAME

build/release/postern: $(SRC:%.c=build/release/%.o)
	$(CC) $(RELEASE_LDFLAGS) -o $@ $^ $(LIBS)

build/release/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(RELEASE_CFLAGS) -MMD -MP -c -o $@ $<

build/debug/postern: $(SRC:%.c=build/debug/%.o)
	$(CC) $(SAN) -o $@ $^ $(LIBS)

build/debug/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(DEBUG_CFLAGS) -MMD -MP -c -o $@ $<

# For valgrind, which does not get on with the sanitizers.
build/plain/postern: $(SRC:%.c=build/plain/%.o)
	$(CC) -o $@ $^ $(LIBS)

build/plain/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CSTD) -O1 -g $(CFLAGS) -MMD -MP -c -o $@ $<

build/debug/libpostern.a: $(LIB:%.c=build/debug/%.o)
	@rm -f $@
	ar rcs $@ $^

build/debug/unit/%: t/unit/%.c build/debug/libpostern.a
	@mkdir -p $(@D)
	$(CC) $(DEBUG_CFLAGS) -It/unit -MMD -MP -MF $@.d -o $@ $< \
		build/debug/libpostern.a $(LIBS)

build/fuzz/%.o: %.c
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<

build/fuzz/libpostern.a: $(LIB:%.c=build/fuzz/%.o)
	@rm -f $@
	ar rcs $@ $^

$(FUZZ): build/fuzz/%: t/fuzz/%.c build/fuzz/libpostern.a
	@mkdir -p $(@D)
	$(CLANG) $(FUZZ_CFLAGS) -fsanitize=fuzzer -It/fuzz -MMD -MP -MF $@.d \
		-o $@ $< build/fuzz/libpostern.a $(LIBS)

.SECONDARY:
-include $(shell find build -name '*.d' 2>/dev/null)

pages: ## build/docs, redoc and graphiql, the pages of these names, with npm
	@spawn/pages

packages: ## install the Debian packages that are missing
	@spawn/packages

run: packages ## everything in the foreground; Ctrl-C stops it all
	@$(MAKE) --no-print-directory -s all
	@exec spawn/instance run

start: packages ## the same in the background
	@$(MAKE) --no-print-directory -s all
	@spawn/instance start

restart: packages ## new workers (and a new binary), no request lost
	@$(MAKE) --no-print-directory -s all
	@spawn/instance restart

stop: ## stop what `make start` started
reload: ## read the configuration again, roll the workers
status: ## what is running
logs: ## follow the logs
psql: ## a shell on the database, or run what standard input says
stop reload status logs psql:
	@spawn/instance $@

postern: ## the program with the instance's settings: make postern DO='events list'
	@spawn/instance postern $(DO)

migrate: packages ## apply the migrations that are new
	@spawn/instance migrate

test: ## everything, from nothing, leaving nothing running
	@t/run

lint: ## gcc, clang, analysers, formatting, shell, perl; silent when clean
	@spawn/lint

fmt: ## format the C sources in place
	@clang-format -i $(SRC) $(wildcard fcgi/*.h fcgi/*/*.h fcgi/*/*/*.h) \
		$(wildcard t/unit/*.[ch] t/fuzz/*.[ch] t/load/*.[ch])

bench: release ## the measurements behind t/load/RESULTS.md
	@t/load/bench

install: release ## DESTDIR= PREFIX=/usr/local
	@DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' spawn/install

clean: ## remove build/ (never the state folder)
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | \
		expand -t 18
	@echo '  variables:      VAR PORT TLS_PORT WORKERS DATABASE_URL CORS'
