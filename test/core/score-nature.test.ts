import { describe, expect, it } from 'vitest'
import { saysGenerated } from '../../src/core/score/generated.ts'
import { isBinary, natureOf } from '../../src/core/score/nature.ts'
import { verifies } from '../requirements.ts'

/** A short file of short lines: only its name and what it says can decide. */
const named = (path: string, head = '') =>
  natureOf({ path, head, bytes: head.length, lines: head.split('\n').length, longestLine: 80 })

const BY_NAME: readonly (readonly [nature: string, paths: string])[] = [
  [
    'manifest',
    `package.json packages/a/package.json pyproject.toml setup.py setup.cfg requirements.txt requirements-dev.txt requirements/prod.txt
    requirements.in Pipfile environment.yml Cargo.toml crates/a/Cargo.toml go.mod go.work pom.xml build.gradle build.gradle.kts
    settings.gradle gradle/libs.versions.toml build.sbt Gemfile Rakefile a.gemspec A.podspec composer.json Package.swift Podfile pubspec.yaml
    CMakeLists.txt src/CMakeLists.txt meson.build Makefile makefile Makefile.am GNUmakefile justfile Taskfile.yml SConstruct configure.ac
    Dockerfile Dockerfile.dev api.Dockerfile docker-compose.yml docker-compose.prod.yaml compose.yaml App.csproj App.sln App.slnx
    Directory.Build.props Directory.Packages.props packages.config mix.exs deno.json jsr.json pnpm-workspace.yaml lerna.json nx.json turbo.json
    WORKSPACE MODULE.bazel BUILD src/BUILD.bazel flake.nix a.cabal stack.yaml rebar.config deps.edn dune-project a.opam build.zig
    vcpkg.json conanfile.py Chart.yaml buf.yaml`,
  ],
  [
    'lock',
    `package-lock.json npm-shrinkwrap.json yarn.lock pnpm-lock.yaml bun.lock deno.lock poetry.lock uv.lock pdm.lock Pipfile.lock Cargo.lock
    go.sum go.work.sum Gemfile.lock composer.lock Podfile.lock Package.resolved mix.lock packages.lock.json gradle.lockfile flake.lock pubspec.lock
    App/Package.resolved MODULE.bazel.lock .terraform.lock.hcl Chart.lock renv.lock stack.yaml.lock`,
  ],
  [
    'config',
    `.gitignore .gitattributes sub/.npmrc .nvmrc .python-version .editorconfig .eslintrc .eslintrc.cjs .prettierrc.json .babelrc .env
    .env.example tsconfig.json tsconfig.build.json jsconfig.json vite.config.ts jest.config.js eslint.config.mjs tailwind.config.cjs biome.json
    tox.ini pytest.ini mypy.ini .flake8 ruff.toml .ruff.toml rustfmt.toml .golangci.yml .rubocop.yml .clang-format .travis.yml .gitlab-ci.yml
    .pre-commit-config.yaml renovate.json codecov.yml azure-pipelines.yml Jenkinsfile Procfile netlify.toml vercel.json gradle.properties
    .github/workflows/ci.yml .circleci/config.yml .vscode/settings.json .devcontainer/devcontainer.json .cargo/config.toml .claude/settings.json
    web.config global.json rust-toolchain.toml etc/app.conf`,
  ],
  [
    'test',
    `test/a.js tests/unit/test_a.py src/__tests__/a.tsx spec/models/user_spec.rb e2e/login.ts src/a.test.ts src/a.spec.tsx src/a-test.js a_test.go
    test_a.py src/conftest.py app/tests.py src/tests.rs src/a/test.rs FooTest.java FooTests.cs FooTestCase.php FooIT.java FooSpec.scala
    src/test/java/com/acme/Foo.java src/androidTest/kotlin/Foo.kt Acme.Core.Tests/Fixture.cs Tests/AppTests/A.swift testdata/in.txt
    tests/fixtures/a.json src/__snapshots__/a.test.ts.snap lib/a_test.exs widget_test.dart a.test-d.ts Button.stories.tsx`,
  ],
  [
    'types',
    'index.d.ts a.d.mts stubs/a.pyi include/a.h a.hpp api.proto schema.graphql q.gql a.thrift py.typed',
  ],
  [
    'document',
    `README.md README README.ja docs/a.rst docs/a.adoc LICENSE LICENSE-MIT LICENSE.txt COPYING CHANGELOG.md CHANGES AUTHORS NOTICE notes.txt license
    UNLICENSE HISTORY.rst docs/api/index.mdx paper.tex`,
  ],
  [
    'data',
    'a.json a.csv data/a.yaml a.xml a.toml logo.svg nb.ipynb a.po messages.properties a.jsonl openapi-spec.yaml api.spec.json',
  ],
  [
    'generated',
    `api/a.pb.go a_pb2.py a_pb2_grpc.py a_pb2.pyi a_pb.js a.pb.cc a.pb.gw.go src/generated/a.ts src/__generated__/q.graphql.ts a.generated.ts
    routeTree.gen.ts user.g.dart user.freezed.dart Form1.Designer.cs schema_generated.h dist/index.js packages/a/dist/a.d.ts .next/a.js
    coverage/lcov-report/index.html coverage/lcov.info a/__pycache__/a.txt`,
  ],
  ['minified', 'jquery.min.js a.min.css app.bundle.js a.js.map index.d.ts.map style.css.map'],
  [
    'vendored',
    `node_modules/a/index.js bower_components/a/a.js vendor/github.com/a/b/c.go vendor/a/b.php third_party/zlib/zlib.h src/third-party/a.c
    3rdparty/a.c venv/lib/a.py .venv/a.py lib/python3/site-packages/a.py Pods/A/A.swift public/vendor/jquery.js assets/vendor/a.css
    src/vendor/lodash.js externals/a/a.cpp external/a/a.cpp src/pip/_vendor/a.py .yarn/releases/yarn-4.1.0.cjs cmd/x/vendor/golang.org/x/a.go
    backend/vendor/composer/a.php wwwroot/lib/bootstrap/a.css`,
  ],
  [
    // What the rules above could take for something else, and people write.
    'source',
    `src/main.ts build/webpack.js build/release.py scripts/build/a.ts out/a.ts target/a.rs src/gen/parser.go pkg/gen/main.go cmd/gen/gen.go
    src/generate.ts src/generator/index.ts src/codegen/a.rs src/external/api.ts internal/external/client.go app/models/vendor/invoice.rb
    src/main/java/com/shop/vendor/Vendor.java apps/web/pages/vendor/index.tsx shop/vendor/models.py coverage/reporter.py
    packages/coverage/src/index.ts src/license.ts license-checker.js changes.py authors.rb notice.go changelog.js readme.rs contributing.ts
    src/latest/a.ts src/contest/a.ts src/contests.py attest.go src/protest.rb Latest.java Manifest.java KeySpec.java TypeSpec.kt Audit.java
    EDIT.java src/inspect.ts src/testimonials.tsx src/spectrum.c math-min.js src/min.js admin.js src/map.ts a.css template.html db/001_init.sql
    src/config.ts src/configure.py config/index.js src/env.ts App.vue a.scss src/lockfile.ts src/lock.go src/distance/a.ts src/distributed/a.go
    Grammar.g4 world.map src/docs.ts src/readme-parser.ts src/vendors.ts src/venv.py src/dockerfile.ts src/makefile.c requirements.py`,
  ],
]

describe('what a file is to people', () => {
  it.each(BY_NAME)('is %s by its name', (nature, paths) => {
    verifies('SCORE-1')
    const wrong = paths
      .split(/\s+/)
      .map((path) => [path, named(path)])
      .filter(([, found]) => found !== nature)
    expect(wrong).toEqual([])
  })
})

describe('a file says that it was generated', () => {
  it.each([
    ['words', `# this file is ${'an auto-'.repeat(500)}x`],
    ['signs', `${'/'.repeat(3_000)} ${'!'.repeat(900)}\rx`],
    ['spaces', `#${' '.repeat(4_000)}\rx`],
  ])('in time that grows with its head: %s', (_, head) => {
    expect(saysGenerated('a.py', head)).toBe(false)
  })

  it.each([
    ['a.go', '// Code generated by protoc-gen-go. DO NOT EDIT.\n// versions:\n'],
    ['a.go', '//go:build linux\n\n// Code generated by "stringer -type=Kind"; DO NOT EDIT.\n\npackage a\n'],
    ['a.js', '/**\n * Copyright (c) Somebody.\n *\n * @generated SignedSource<<0123>>\n * @flow\n */\n'],
    ['a.ts', '/* eslint-disable */\n// @generated by protobuf-ts 2.9.0\n'],
    ['a.rs', '/* automatically generated by rust-bindgen 0.69.4 */\n'],
    ['a.rs', '// This file is @generated by prost-build.\n'],
    ['a.py', '# -*- coding: utf-8 -*-\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n'],
    ['a.py', '#!/usr/bin/env python\n"""Autogenerated by Thrift Compiler (0.13.0)\n\nDO NOT EDIT\n"""\n'],
    ['a.py', '# generated by datamodel-codegen:\n#   filename:  a.json\n'],
    ['A.cs', '//----------\n// <auto-generated>\n//     This code was generated by a tool.\n'],
    ['A.java', '/*\n * Licensed to somebody.\n */\n/* DO NOT EDIT THIS FILE - it is machine generated */\n'],
    ['a.dart', '// GENERATED CODE - DO NOT MODIFY BY HAND\n'],
    ['parse.c', '/* A Bison parser, made by GNU Bison 3.8.2.  */\n'],
    ['fast.c', '/* Generated by Cython 3.0.8 */\n\n#ifndef A\n'],
    ['wrap.cxx', '/* ----\n * This file was automatically generated by SWIG (https://swig.org).\n */\n'],
    [
      'configure',
      '#! /bin/sh\n# Guess values for system-dependent variables and create Makefiles.\n# Generated by GNU Autoconf 2.71.\n',
    ],
    ['A.php', '<?php\n\n# source: a.proto\n# Generated by the protocol buffer compiler.  DO NOT EDIT!\n'],
    [
      'a.rb',
      '# frozen_string_literal: true\n\n# This file is auto-generated from the current state of the database.\n',
    ],
    [
      'a.ts',
      "'use strict'\n/* tslint:disable */\n/**\n * This file was automatically generated by json-schema-to-typescript.\n */\n",
    ],
    ['a.sql', '-- This file is generated. Do not edit.\n'],
    ['docs/cli.md', '<!-- This file is automatically generated. Do not edit. -->\n# CLI\n'],
    ['a.xml', '<?xml version="1.0"?>\n<!-- Automatically generated file. DO NOT MODIFY -->\n'],
    ['a.sh', '#!/bin/sh\n# AUTO-GENERATED FILE. DO NOT EDIT.\n'],
    ['a.yaml', '# Code generated by controller-gen. DO NOT EDIT.\n'],
  ])('%s: %j', (path, head) => {
    expect(named(path, head)).toBe('generated')
  })

  it.each([
    [
      'README.md',
      '# Generated code\n\nThis file is generated by nobody. Do not edit generated files by hand.\n',
      'document',
    ],
    ['README.md', '# Auto-generated files\n\nCode generated by x. DO NOT EDIT.\n', 'document'],
    ['docs/a.rst', 'Generated\n=========\n\nThis file was generated, do not edit.\n', 'document'],
    [
      'detect.go',
      '// Package detect finds files with the line "// Code generated by x DO NOT EDIT".\npackage detect\n',
      'source',
    ],
    [
      'header.ts',
      "import a from 'a'\n\n// This file is generated by header.ts\nconst HEADER = '// @generated'\n",
      'source',
    ],
    ['gen.py', 'HEADER = """\n# This file was automatically generated. Do not edit.\n"""\n', 'source'],
    ['gen.py', '"""Writes the clients.\n\nEvery file that is generated by it says so.\n"""\n', 'source'],
    [
      'nature.ts',
      '/** Whether a file is automatically generated by a tool: looks for `@generated`. */\n',
      'source',
    ],
    ['lexer.ts', '/* The tokens generated here do not last. */\n', 'source'],
    [
      'a.c',
      '#include <stdio.h>\n#define generated 1\nint main() { return 0; } /* auto-generated by nobody */\n',
      'source',
    ],
    ['a.py', '# Copyright 2024\n#\n# Reports are generated by cron.\n', 'source'],
    ['requirements.txt', '# This file is autogenerated by pip-compile with Python 3.11\n', 'manifest'],
  ])('and one that talks about it does not: %s %j', (path, head, nature) => {
    expect(named(path, head)).toBe(nature)
  })
})

describe('minified', () => {
  const shaped = (path: string, bytes: number, lines: number, longestLine: number) =>
    natureOf({ path, head: '', bytes, lines, longestLine })

  it('is what has lines that nobody writes', () => {
    expect(shaped('a.js', 90_000, 3, 60_000)).toBe('minified')
    expect(shaped('style.css', 20_000, 1, 20_000)).toBe('minified')
    expect(shaped('index.html', 40_000, 100, 3_000)).toBe('minified')
    // A licence above one line of everything.
    expect(shaped('a.mjs', 9_000, 40, 7_000)).toBe('minified')
  })

  it('is not a long file with one long line, a short one, data, or a language that nobody minifies', () => {
    expect(shaped('icons.js', 60_000, 1_500, 9_000)).toBe('source')
    expect(shaped('a.js', 900, 1, 900)).toBe('source')
    expect(shaped('a.json', 900_000, 1, 900_000)).toBe('data')
    expect(shaped('a.md', 9_000, 10, 6_000)).toBe('document')
    expect(shaped('table.py', 90_000, 3, 60_000)).toBe('source')
    expect(shaped('package.json', 9_000, 1, 9_000)).toBe('manifest')
  })
})

describe('binary', () => {
  it('is what has a NUL near its start, and UTF-16', () => {
    expect(isBinary(Buffer.from('a\0b'))).toBe(true)
    expect(isBinary(Buffer.from('\ufeff漢字', 'utf16le'))).toBe(true)
    expect(isBinary(Buffer.from([0xfe, 0xff, 0x6f, 0x22]))).toBe(true)
    expect(isBinary(Buffer.concat([Buffer.alloc(9_000, 'x'), Buffer.alloc(1)]))).toBe(false)
  })

  it('is neither empty nor text of any language, whole UTF-8 or not', () => {
    for (const text of ['', 'x', '\ufeffx', 'größe 🦊', '\x1b[1m\x07'])
      expect(isBinary(Buffer.from(text))).toBe(false)
    expect(isBinary(Buffer.from('gr\xf6\xdfe', 'latin1'))).toBe(false)
  })
})
