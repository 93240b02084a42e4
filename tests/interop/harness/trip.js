// The few acts on a trip document that the tests need, and the board that one sees of it, by the rules of the documents.

import { randomBytes } from 'node:crypto'

import { generateJitteredKeyBetween } from 'fractional-indexing-jittered'
import * as Y from 'yjs'

const cards = (doc) => doc.getMap('cards')
const days = (doc) => doc.getMap('days')

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** A fresh id in the form of a ULID. */
export function freshId () {
  return '0' + Array.from(randomBytes(25), (byte) => CROCKFORD[byte % 32]).join('')
}

/** Adds a card at the end of a day (`null`: the tray), all keys in one transaction. */
export function addCard (doc, day, title) {
  const id = freshId()
  const key = keyAfter(doc, day, null)
  doc.transact(() => {
    const card = new Y.Map()
    cards(doc).set(id, card)
    card.set('kind', 'note')
    card.set('at', [day, key])
    card.set('title', new Y.Text(title))
    card.set('note', new Y.Text())
    card.set('status', 'plan')
    card.set('del', null)
  })
  return id
}

/** Moves a card behind another of the day, or to its end if `after` is null. */
export function moveCard (doc, id, day, after = null) {
  cards(doc).get(id).set('at', [day, keyAfter(doc, day, after)])
}

export function trashCard (doc, id) {
  cards(doc).get(id).set('del', { by: 'somebody', ts: 0 })
}

export function recoverCard (doc, id) {
  cards(doc).get(id).set('del', null)
}

export function isTrashed (doc, id) {
  return cards(doc).get(id).get('del') !== null
}

export const titleOf = (doc, id) => cards(doc).get(id).get('title')
export const noteOf = (doc, id) => cards(doc).get(id).get('note')
export const dayIds = (doc) => [...days(doc).keys()].sort()

/** Makes the days of a trip d1 to d<count>: what is missing is added, what is too much goes. */
export function setDayCount (doc, count) {
  doc.transact(() => {
    for (let n = 1; n <= count; n++) {
      if (!days(doc).has(`d${n}`)) days(doc).set(`d${n}`, { ord: `a${n - 1}` })
    }
    for (const day of days(doc).keys()) {
      if (Number(day.slice(1)) > count) days(doc).delete(day)
    }
  })
}

/** The ids of the visible cards, by day, and in `tray` those without one. */
export function board (doc) {
  const columns = { tray: [] }
  for (const day of dayIds(doc)) columns[day] = []
  for (const { id, day } of placed(doc)) (columns[day] ?? columns.tray).push(id)
  return columns
}

/** The same board, read from a projection. */
export function boardOf (projection) {
  const ids = (list) => list.map((card) => card.id)
  const columns = projection.days.map((day) => [day.id, ids(day.cards)])
  return { tray: ids(projection.tray), ...Object.fromEntries(columns) }
}

/** Visible cards in the order of their keys, bytewise. */
function placed (doc) {
  return [...cards(doc)]
    .filter(([, card]) => card.get('del') == null)
    .map(([id, card]) => ({ id, day: card.get('at')[0], key: card.get('at')[1] }))
    .sort((a, b) => compare(a.key, b.key) || compare(a.id, b.id))
}

const compare = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))

function keyAfter (doc, day, after) {
  const column = placed(doc).filter((card) => card.day === day)
  const at = after === null ? column.length - 1 : column.findIndex((card) => card.id === after)
  const previous = column[at]?.key ?? null
  // Behind a run of equal keys: between equal neighbours there is no key.
  const next = column.slice(at + 1).find((card) => card.key !== previous)?.key ?? null
  return generateJitteredKeyBetween(previous, next)
}
