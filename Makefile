# `make` alone says what there is. Everything happens in .venv; no root rights are needed.

PYTHON ?= python3
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
runtime := $(shell cat requirements.txt 2>/dev/null | cksum | cut -d' ' -f1)
development := $(shell cat requirements.txt requirements-dev.txt 2>/dev/null | cksum | cut -d' ' -f1)
RUNTIME := $(VENV)/.runtime-$(runtime)
DEVELOPMENT := $(VENV)/.development-$(development)
PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 $(BIN)/python -m pip install --quiet --no-input
TESTS ?= tests
WORKERS ?= auto

export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help setup run test check format lint types imports migrations translations schema deploy messages bench clean
.SILENT:

help:
	echo '明账 Mingzhang'
	echo ''
	echo '  make run       安装并启动，数据在 data/ · install what is missing and start; PORT=8000 DATA_DIR=data'
	echo '  make test      运行测试 · every test; TESTS=tests/test_x.py for some of them'
	echo '                 DATABASE_URL=postgres://… REDIS_URL=redis://… make test   on PostgreSQL and Redis'
	echo '  make check     格式、类型、翻译、测试等全部检查 · format, lint, types, import rules, migrations,'
	echo '                 translations, schema, production settings, tests'
	echo '  make setup     只安装 · only install, with the tools for developing'
	echo '  make messages  更新翻译目录 · bring new texts into the Chinese catalogue'
	echo '  make bench     性能测量 · the benchmarks'
	echo '  make clean     删除生成的文件（不含数据） · delete what was generated, but no data'

setup: $(DEVELOPMENT)

# --- Installing -------------------------------------------------------------------------------------------------------
# A stamp named after the content of the requirements: nothing happens while they stay the same.
$(BIN)/python:
	command -v $(PYTHON) >/dev/null 2>&1 || { \
	  echo '找不到 $(PYTHON)：请安装 Python 3.11 或更高版本，或用 PYTHON=… 指定。' >&2; \
	  echo '$(PYTHON) is not installed: install Python 3.11 or newer, or name one with PYTHON=…' >&2; exit 1; }
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo '需要 Python 3.11 或更高版本，可用 PYTHON=… 指定。' >&2; \
	  echo "Python 3.11 or newer is needed, this is $$($(PYTHON) -V 2>&1): name another with PYTHON=…" >&2; exit 1; }
	$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo '缺少 Python 的 venv 模块：请先执行 apt install python3-venv（需管理员），再试一次。' >&2; \
	  echo "Python's venv module is missing: have python3-venv installed (apt install python3-venv), then try again." >&2; exit 1; }
	echo '正在建立虚拟环境 · Making the virtual environment …'
	rm -rf $(VENV)
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): | $(BIN)/python
	echo '正在安装依赖，首次约需一分钟 · Installing dependencies, about a minute the first time …'
	$(PIP) -r requirements.txt
	rm -f $(VENV)/.runtime-*
	touch $@

$(DEVELOPMENT): | $(RUNTIME)
	echo '正在安装开发工具 · Installing the tools for developing …'
	$(PIP) -r requirements-dev.txt
	rm -f $(VENV)/.development-*
	touch $@

# --- Running ----------------------------------------------------------------------------------------------------------
run: $(RUNTIME)
	exec $(BIN)/python -m config.embedded

test: $(DEVELOPMENT)
	$(BIN)/python -m pytest -n $(WORKERS) $(TESTS)

bench: $(DEVELOPMENT)
	$(BIN)/python -m benchmarks

# --- Checking ---------------------------------------------------------------------------------------------------------
check: format lint types imports migrations translations schema deploy test
	echo '全部通过 · Everything passed.'

# What Django's own commands need to start; the folder goes away afterwards.
TRIAL := folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && env -u DATABASE_URL -u REDIS_URL -u BROKER_URL DATA_DIR="$$folder"
PRODUCTION := MODE=production SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))') \
  PUBLIC_URL=https://mingzhang.example DATABASE_URL=postgres://mingzhang@127.0.0.1/mingzhang REDIS_URL=redis://127.0.0.1/0

format: $(DEVELOPMENT)
	echo '— format'; $(BIN)/ruff format --check --output-format concise .

lint: $(DEVELOPMENT)
	echo '— lint'; $(BIN)/ruff check --quiet .

types: $(DEVELOPMENT)
	echo '— types'; $(BIN)/mypy

imports: $(DEVELOPMENT)
	echo '— import rules'; $(BIN)/lint-imports --no-cache

migrations: $(DEVELOPMENT)
	echo '— migrations'; $(TRIAL) MODE=embedded $(BIN)/python manage.py makemigrations --check --dry-run

translations: $(DEVELOPMENT)
	echo '— translations'; $(BIN)/python -m config.translations check

schema: $(DEVELOPMENT)
	echo '— API schema'; $(TRIAL) MODE=embedded $(BIN)/python manage.py spectacular --validate --fail-on-warn --file /dev/null

deploy: $(DEVELOPMENT)
	echo '— production settings'; $(TRIAL) $(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING

messages: $(DEVELOPMENT)
	$(BIN)/python -m config.translations update

clean:
	rm -rf staticfiles .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +
	find locale -name '*.mo' -delete
