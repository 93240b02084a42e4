// The history of a seed: who edits what, and what all of its clients hold in the end.

import { isDeepStrictEqual } from 'node:util'

import { everything } from './content.js'
import { ofBothVersions, ofYjs } from './network.js'

const SORTS = [['text'], ['map'], ['array'], ['xml'], ['trip'], ['array', 'map', 'text', 'xml', 'trip']]

/** The clients have ended with different documents, without any server: what is right for this history nobody can say. */
export class ClientsDiffer extends Error {}

/** The same for the same seed: what the server heard, in order, and a document that holds all of it. */
export function makeHistory (seed) {
  const sorts = SORTS[seed % SORTS.length]
  const edits = 30 + (seed * 7919) % 170
  const network = Math.floor(seed / SORTS.length) % 2 === 0 ? ofBothVersions : ofYjs
  const { log, docs } = network(seed, sorts, edits)
  const [all, ...others] = docs.map(everything)
  if (!others.every((other) => isDeepStrictEqual(other, all))) throw new ClientsDiffer(`seed ${seed}: the clients differ`)
  return { log, doc: docs[0], all, what: `${network.name}: ${sorts.join(' ')}` }
}
