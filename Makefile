# 明鉴 Mingjian — `make run` to see it, `make test` to check it, `make help` for the rest.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help setup system run serve test check lint types contracts diagrams unit browser bench clean lock

PYTHON ?= python3
BIN := .venv/bin
STAMPS := .stamps
HOME_DIR ?= .mingjian
PORT ?= 8000
APT := libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 fonts-noto-cjk
APT_TEST := postgresql golang-go golang-golang-x-mod-dev softhsm2
BROWSER := chromium-headless-shell
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
APT_GET := $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE :=

help: ## 列出命令 list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMPS)/apt:
	@mkdir -p $(STAMPS)
	missing=$$(dpkg-query -W -f='$${Package} $${Status}\n' $(APT) 2>/dev/null | grep -c 'install ok installed' || true)
	if [ "$$missing" != "$(words $(APT))" ]; then
	  echo "── system packages (apt-get) / 安装系统软件包"
	  $(SUDO) apt-get update -q
	  $(APT_GET) $(APT)
	fi
	touch $@

$(STAMPS)/apt-test: $(STAMPS)/apt Makefile
	@missing=$$(dpkg-query -W -f='$${Package} $${Status}\n' $(APT_TEST) $(BROWSER) 2>/dev/null | grep -c 'install ok installed' || true)
	if [ "$$missing" != "$(words $(APT_TEST) $(BROWSER))" ]; then
	  echo "── browser, PostgreSQL, Go and SoftHSM for the tests (apt-get) / 安装测试用浏览器、数据库、Go和SoftHSM"
	  $(SUDO) apt-get update -q
	  $(APT_GET) $(APT_TEST)
	  $(APT_GET) $(BROWSER) || test -x /usr/bin/chromium || $(APT_GET) chromium  # not every system packs the shell
	fi
	touch $@

$(STAMPS)/python: requirements.lock pyproject.toml
	@mkdir -p $(STAMPS)
	echo "── Python packages / 安装 Python 依赖"
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q --no-deps --require-hashes -r requirements.lock
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(STAMPS)/pages: package-lock.json $(shell find web/src -type f)
	@mkdir -p $(STAMPS)
	echo "── front end / 构建页面"
	npm ci --no-progress --loglevel=error
	npm run --silent build
	touch $@

$(STAMPS)/pm4py: tests/pm4py.txt
	@mkdir -p $(STAMPS)
	echo "── pm4py, for one test, in an environment of its own / 单独安装 pm4py，只用于一项测试"
	$(PYTHON) -m venv --clear .pm4py
	.pm4py/bin/pip install -q --no-deps -r tests/pm4py.txt
	touch $@

setup: $(STAMPS)/apt $(STAMPS)/python $(STAMPS)/pages ## 安装 install what the product needs

run: setup ## 启动演示县 serve the demonstration county at http://127.0.0.1:8000
	@if [ -f $(HOME_DIR)/demo.json ]; then $(BIN)/mingjian --home $(HOME_DIR) demo --who; else $(BIN)/mingjian --home $(HOME_DIR) demo; fi
	$(BIN)/mingjian --home $(HOME_DIR) serve --port $(PORT)

lock: ## 更新依赖锁 renew the lock files
	$(BIN)/pip-compile -q --strip-extras --allow-unsafe --generate-hashes --extra dev --no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements.lock pyproject.toml
	npm install --package-lock-only

lint: ## 代码风格 style
	$(BIN)/ruff check .

types: ## 类型 types
	$(BIN)/mypy

contracts: ## 包之间的方向 import contracts
	$(BIN)/lint-imports

diagrams: ## 流程图 lint of the diagrams
	$(BIN)/mingjian lint
	npx --no-install bpmnlint 'bpmn/flows/*.bpmn'

unit: ## 全部测试 unit, property, differential, PostgreSQL and browser tests
	$(BIN)/pytest -n 3 --dist worksteal  # one more than cores: browsers, servers and killed processes are waited for

check: lint types contracts diagrams unit

test: setup $(STAMPS)/apt-test $(STAMPS)/pm4py ## 检查一切 everything CI runs
	@echo "── 1/2 style, types, import contracts, diagrams"; $(MAKE) -s -j2 --output-sync lint types contracts diagrams
	echo "── 2/2 tests"; $(MAKE) -s unit

bench: setup ## 性能 figures as ratios
	$(BIN)/mingjian bench

clean: ## 删除构建产物 remove what was built
	rm -rf .venv .pm4py node_modules .stamps web/static/dist build *.egg-info
