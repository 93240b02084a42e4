// Writes histories to a file, one a seed: `node histories/generate.js FILE COUNT [FIRST-SEED]`.

import { writeFile } from 'node:fs/promises'

import { content } from './content.js'
import { ClientsDiffer, makeHistory } from './make.js'

/** Yjs 13.6 itself loses some of what reaches it before what it builds on. Of so many seeds one may show that; the next one takes its place. */
const DIFFERING = 200

function line (seed) {
  try {
    const { log, doc, what } = makeHistory(seed)
    return JSON.stringify({ seed, what, log, content: content(doc) })
  } catch (error) {
    if (!(error instanceof ClientsDiffer)) throw error
    console.log(`${error.message}: the next seed is taken`)
  }
}

const [file, count, first = '0'] = process.argv.slice(2)
const lines = []
let differing = 0
for (let seed = Number(first); lines.length < Number(count); seed++) {
  const made = line(seed)
  if (made !== undefined) lines.push(made)
  else if (++differing > Math.ceil(count / DIFFERING)) throw new Error(`the clients differ in ${differing} histories: that is not Yjs alone`)
}
await writeFile(file, `[\n${lines.join(',\n')}\n]\n`)
console.log(`${count} histories, from seed ${first} on, are in ${file}`)
