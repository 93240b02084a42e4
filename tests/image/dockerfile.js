// The Dockerfile and .dockerignore as they are read: stages with their steps, and what of the checkout a build sees.

import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** The stages in their order: `{ base, name, steps: [{ word, flags, text }] }`. */
export function stages (text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')) {
  const lines = text.split('\n').filter((line) => !line.startsWith('#')).join('\n').replaceAll(/\\\n\s*/g, ' ').split('\n')
  const found = []
  for (const line of lines.filter((line) => line.trim() !== '')) {
    const [, word, rest] = line.match(/^([A-Z]+)\s+(.*)$/) ?? fail(`no instruction: ${line}`)
    if (word === 'FROM') {
      const [base, , name] = rest.split(/\s+/)
      found.push({ base, name, steps: [] })
      continue
    }
    const flags = rest.match(/^(?:--\S+\s+)*/)[0]
    found.at(-1).steps.push({ word, flags: flags.trim().split(/\s+/).filter(Boolean), text: rest.slice(flags.length).trim() })
  }
  return found
}

function fail (why) {
  throw new Error(why)
}

/** The one step of its kind in a stage. */
export function only (stage, word) {
  const steps = stage.steps.filter((step) => step.word === word)
  if (steps.length !== 1) fail(`${steps.length} times ${word}`)
  return steps[0]
}

/** What ENV says, all in all. */
export function environment (stage) {
  const steps = stage.steps.filter((step) => step.word === 'ENV')
  return Object.fromEntries(steps.flatMap((step) => step.text.split(/\s+/)).map((pair) => pair.split(/=(.*)/).slice(0, 2)))
}

/** Whether a build sees a path of the checkout: of the patterns of .dockerignore that fit it or a folder above, the last decides. */
export function ignore (text = readFileSync(join(ROOT, '.dockerignore'), 'utf8')) {
  const patterns = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const path = line.replace(/^!/, '').replace(/\/$/, '')
    const source = path.split('/').map((part) => part === '**' ? '**' : part.replaceAll(/[.+^$()|]/g, '\\$&').replaceAll('*', '[^/]*').replaceAll('?', '[^/]'))
    const fits = new RegExp('^' + source.join('/').replaceAll('**/', '(?:.*/)?').replaceAll('**', '.*') + '(?:/.*)?$')
    return { path, fits, isException: line.startsWith('!') }
  })
  return {
    ignores: (path) => patterns.reduce((is, { fits, isException }) => fits.test(path) ? !isException : is, false),
    mayHoldSome: (folder) => patterns.some(({ path, isException }) => isException && path.startsWith(`${folder}/`))
  }
}

/** The files that a build sees, relative to the checkout. */
export function context (rules = ignore(), folder = '') {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`
    if (entry.isDirectory()) return rules.ignores(path) && !rules.mayHoldSome(path) ? [] : context(rules, path)
    return rules.ignores(path) ? [] : [path]
  })
}
