import { describe, expect, it } from 'vitest'
import { languageOf } from '../../src/core/score/languages.ts'
import { verifies } from '../requirements.ts'

const BY_NAME: readonly (readonly [language: string, paths: string])[] = [
  ['typescript', 'src/a.ts a.mts a.cts types/index.d.ts A.TS'],
  ['tsx', 'src/App.tsx'],
  ['javascript', 'index.js a.mjs a.cjs .eslintrc.js old.es6'],
  ['jsx', 'App.jsx'],
  ['python', 'a.py stubs/a.pyi gui.pyw SConstruct sub/SConscript wscript'],
  ['go', 'main.go a_test.go'],
  ['rust', 'src/main.rs build.rs'],
  ['java', 'A.java package-info.java'],
  ['kotlin', 'A.kt build.gradle.kts'],
  ['c', 'a.c a.h'],
  ['cpp', 'a.cc a.cpp a.cxx a.C++ a.hh a.hpp a.inl kernel.cu sketch.ino'],
  ['csharp', 'A.cs'],
  [
    'ruby',
    'a.rb lib/tasks/a.rake a.gemspec config.ru Gemfile Rakefile ios/Podfile fastlane/Fastfile Vagrantfile',
  ],
  ['php', 'index.php view.phtml'],
  ['swift', 'A.swift Package.swift'],
  ['bash', 'a.sh a.bash a.zsh home/.bashrc .zshrc .profile PKGBUILD'],
  ['markdown', 'README.md a.mdx'],
  ['json', 'a.json tsconfig.jsonc nb.ipynb'],
  ['yaml', 'a.yml a.yaml'],
  ['toml', 'Cargo.toml'],
  ['xml', 'pom.xml icon.svg App.csproj Info.plist'],
  ['html', 'a.html a.htm'],
  ['css', 'a.css a.scss a.less'],
  ['vue', 'App.vue'],
  ['svelte', 'App.svelte'],
  ['astro', 'index.astro'],
  ['sql', 'a.sql'],
  ['graphql', 'schema.graphql q.gql'],
  ['protobuf', 'a.proto'],
  ['csv', 'a.csv a.tsv'],
  [
    'text',
    'notes.txt LICENSE Makefile Dockerfile .gitignore a.unknown noext constructor d/__proto__ toString a. . ""',
  ],
]

describe('the language of a file', () => {
  it.each(BY_NAME)('%s is known by name', (language, paths) => {
    verifies('SCORE-1')
    for (const path of paths.split(' ')) expect([path, languageOf(path).name]).toEqual([path, language])
  })

  it.each([
    ['#!/bin/sh', 'bash'],
    ['#! /bin/bash -eu', 'bash'],
    ['#!/usr/bin/env zsh', 'bash'],
    ['#!/usr/bin/env node', 'javascript'],
    ['#!/usr/bin/env -S node --experimental-strip-types', 'javascript'],
    ['#!/usr/bin/env -S NODE_OPTIONS=--no-warnings node', 'javascript'],
    ['#!/usr/bin/env ts-node', 'typescript'],
    ['#!/usr/bin/env -S npx tsx', 'typescript'],
    ['#!/usr/bin/env -S deno run --allow-net', 'typescript'],
    ['#!/usr/bin/python', 'python'],
    ['#!/home/node/bin/python3.11', 'python'],
    ['#!/opt/php/tools/ruby2.7 -w', 'ruby'],
    ['#!/usr/bin/env -S uv run --script', 'python'],
    ['#!/usr/bin/php8.2\r', 'php'],
    ['#!/usr/bin/fish', 'text'],
    ['#!/usr/bin/pwsh', 'text'],
    ['#!/usr/bin/perl', 'text'],
    ['#!', 'text'],
    ['# python', 'text'],
    ['import node', 'text'],
  ])('without one is what its first line calls: %s', (line, language) => {
    expect(languageOf('bin/tool', line).name).toBe(language)
  })

  it('is by its name, whatever the first line says', () => {
    expect(languageOf('a.py', '#!/bin/sh').name).toBe('python')
    expect(languageOf('tool-1.2', '#!/bin/sh').name).toBe('bash')
  })

  it('names a parser for each that has one', () => {
    const parsers = Object.fromEntries(
      BY_NAME.map(([name, paths]) => [name, languageOf(paths.split(' ')[0]!).parser]),
    )
    expect(parsers).toMatchObject({
      typescript: 'ecma',
      jsx: 'ecma',
      vue: 'ecma',
      csharp: 'c_sharp',
      bash: 'bash',
    })
    expect(Object.keys(parsers).filter((name) => parsers[name] === 'none')).toEqual([
      'markdown',
      'json',
      'yaml',
      'toml',
      'xml',
      'html',
      'css',
      'sql',
      'graphql',
      'protobuf',
      'csv',
      'text',
    ])
  })
})
