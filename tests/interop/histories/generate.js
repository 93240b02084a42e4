// Writes histories to a file, one a seed: `node histories/generate.js FILE COUNT [FIRST-SEED]`.

import { writeFile } from 'node:fs/promises'

import { content } from './content.js'
import { makeHistory } from './make.js'

function line (seed) {
  const { log, doc, what } = makeHistory(seed)
  return JSON.stringify({ seed, what, log, content: content(doc) })
}

const [file, count, first = '0'] = process.argv.slice(2)
const seeds = Array.from({ length: Number(count) }, (_, n) => Number(first) + n)
await writeFile(file, `[\n${seeds.map(line).join(',\n')}\n]\n`)
console.log(`${count} histories, from seed ${first} on, are in ${file}`)
