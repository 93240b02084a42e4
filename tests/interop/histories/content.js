// What a document holds, in a form that is equal for equal documents, whichever version of Yjs or yrs holds it.

import { Buffer } from 'node:buffer'

import { ROOTS } from './acts.js'

const MAPS = ['cards', 'days', 'meta', 'alts']
const TEXTS = ['title', 'desc', 'day:d1:title', 'day:d1:note']

/** What yrs can read alike: see `tests/it/histories.rs`. */
export function content (doc) {
  const maps = [...MAPS, ROOTS.map].map((name) => [name, plain(doc.getMap(name).toJSON())])
  const texts = [...TEXTS, ROOTS.text].map((name) => [name, plain(doc.getText(name).toString())])
  return {
    maps: Object.fromEntries(maps),
    texts: Object.fromEntries(texts),
    array: plain(doc.getArray(ROOTS.array).toJSON())
  }
}

/** All of it, with formats, embeds and XML. */
export function everything (doc) {
  const deltas = [...TEXTS, ROOTS.text].map((name) => doc.getText(name).toDelta())
  return { ...content(doc), deltas: plain(deltas), xml: xml(doc) }
}

/** A root is no more than a list of its children and its attributes until somebody says what it is. */
function xml (doc) {
  return plain(doc.get(ROOTS.xml).toString())
}

/**
 * An edit in the middle of a letter of two code units breaks it, for some clients of Yjs and not for others:
 * each half of such a letter, and what stands for a broken one, counts as the same.
 */
const letters = (text) => text.replace(/[\ud800-\udfff\ufffd]/g, '?')

/** Values that JSON doesn't know are told as `{"$kind": …}`; what is undefined in a map is left out, as JSON does. */
function plain (value) {
  if (typeof value === 'string') return letters(value)
  if (value === undefined) return { $undefined: true }
  // yrs tells an integer of up to 53 bits as a number, however it was written.
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : { $integer: value.toString() }
  if (typeof value === 'number' && !Number.isFinite(value)) return { $number: String(value) }
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString('hex') }
  if (Array.isArray(value)) return value.map((one) => plain(one))
  if (value !== null && typeof value.toJSON === 'function') return { $type: plain(value.toJSON()) }
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, plain(one)]))
}
