// Random edits of every kind that Yjs knows, of the same sorts as Yjs's own tests make: lists, maps, texts, XML, trips, undo.

import * as prng from 'lib0/prng'

const WORDS = ['제주', '한', 'sea ', '🌊', '🏝️', 'x', 'a longer piece of text, as if pasted. ', '\n', 'e\u0301']

const below = (gen, limit) => prng.int32(gen, 0, limit - 1)
const oneOf = (gen, list) => list[below(gen, list.length)]
const chance = (gen, percent) => below(gen, 100) < percent

/** A plain value of any kind that a document may hold. */
function plain (gen, depth = 0) {
  const leaf = [
    () => null,
    () => undefined,
    () => prng.bool(gen),
    () => prng.int32(gen, -2000000000, 2000000000),
    () => Number.MAX_SAFE_INTEGER,
    () => below(gen, 1000) / 8,
    () => 1.5,
    // Yjs 13.5 takes big integers only within other values.
    () => depth > 0 ? BigInt(below(gen, 1000)) * 1234567890123n : 0,
    () => oneOf(gen, WORDS),
    () => '',
    () => new Uint8Array(below(gen, 9)).fill(below(gen, 256))
  ]
  const nested = [
    () => Array.from({ length: below(gen, 4) }, () => plain(gen, depth + 1)),
    () => Object.fromEntries(Array.from({ length: below(gen, 4) }, (_, n) => [`k${n}`, plain(gen, depth + 1)]))
  ]
  return oneOf(gen, depth < 3 ? [...leaf, ...nested] : leaf)()
}

/** A fresh shared type, perhaps with something in it. */
function fresh (Y, gen) {
  return oneOf(gen, [
    () => new Y.Map(),
    () => new Y.Map([['k0', plain(gen)], ['k1', new Y.Text('in a map')]]),
    () => new Y.Array(),
    () => Y.Array.from([1, 2, plain(gen) ?? null, new Y.Map()]),
    () => new Y.Text(oneOf(gen, WORDS))
  ])()
}

/** The type, or one that lies somewhere in it. */
function within (Y, gen, type) {
  let at = type
  while (chance(gen, 70)) {
    const inner = (at instanceof Y.Map ? [...at.values()] : at.toArray()).filter((value) =>
      value instanceof Y.Map || value instanceof Y.Array)
    if (inner.length === 0) break
    at = oneOf(gen, inner)
  }
  return at
}

function editContainer (Y, gen, type) {
  if (type instanceof Y.Map) editMap(Y, gen, type)
  else editArray(Y, gen, type)
}

export function editMap (Y, gen, map) {
  const key = oneOf(gen, ['k0', 'k1', 'k2', '열쇠', ''])
  oneOf(gen, [
    () => map.set(key, plain(gen)),
    () => map.set(key, plain(gen)),
    () => map.set(key, fresh(Y, gen)),
    () => map.delete(key),
    () => { if (chance(gen, 10)) map.clear() }
  ])()
}

export function editArray (Y, gen, array) {
  // Yjs 13.5 takes no `undefined` right in a list.
  const element = () => plain(gen) ?? null
  const at = below(gen, array.length + 1)
  oneOf(gen, [
    () => array.insert(at, Array.from({ length: 1 + below(gen, 4) }, element)),
    () => array.push([element()]),
    () => array.insert(at, [fresh(Y, gen), fresh(Y, gen)]),
    () => array.insert(at, [element(), fresh(Y, gen), element()]),
    () => { if (array.length > at) array.delete(at, 1 + below(gen, Math.min(3, array.length - at))) }
  ])()
}

const MARKS = [{ bold: true }, { bold: null }, { color: '#112233' }, { color: null }, { link: { href: 'x', n: [1, 2] } }, { em: {} }]

/** Positions are any, so that some lie in the middle of a letter of two code units. */
export function editText (Y, gen, text) {
  const at = below(gen, text.length + 1)
  const length = Math.min(1 + below(gen, 6), text.length - at)
  oneOf(gen, [
    () => text.insert(at, oneOf(gen, WORDS)),
    () => text.insert(at, oneOf(gen, WORDS)),
    () => text.insert(at, oneOf(gen, WORDS), oneOf(gen, MARKS)),
    () => { if (length > 0) text.delete(at, length) },
    () => { if (length > 0) text.format(at, length, oneOf(gen, MARKS)) },
    () => { if (length > 0) text.format(at, length, oneOf(gen, MARKS)) },
    () => text.insertEmbed(at, { image: 'x.png' }, oneOf(gen, MARKS)),
    () => { if (chance(gen, 30)) text.insertEmbed(at, fresh(Y, gen)) },
    () => { if (chance(gen, 30)) text.setAttribute('align', plain(gen)) },
    () => text.applyDelta([{ retain: at }, ...(length > 0 ? [{ delete: length }] : []), { insert: oneOf(gen, WORDS), attributes: oneOf(gen, MARKS) }])
  ])()
}

export function editXml (Y, gen, xml) {
  let at = xml
  while (chance(gen, 60)) {
    const inner = at.toArray().filter((one) => one instanceof Y.XmlElement)
    if (inner.length === 0) break
    at = oneOf(gen, inner)
  }
  const place = below(gen, at.length + 1)
  oneOf(gen, [
    () => at.insert(place, [new Y.XmlElement(oneOf(gen, ['p', 'div', '단락']))]),
    () => at.insert(place, [new Y.XmlText(oneOf(gen, WORDS)), new Y.XmlElement('br')]),
    () => { if (at instanceof Y.XmlElement) at.setAttribute(oneOf(gen, ['a', 'b']), oneOf(gen, WORDS)) },
    () => { if (at instanceof Y.XmlElement) at.removeAttribute('a') },
    () => {
      const text = at.toArray().find((one) => one instanceof Y.XmlText)
      if (text) editText(Y, gen, text)
    },
    () => { if (at.length > place) at.delete(place, 1) }
  ])()
}

/** One act on a trip, as the browser client does it. */
export function editTrip (Y, gen, doc) {
  const cards = doc.getMap('cards')
  const ids = [...cards.keys()]
  const day = `d${1 + below(gen, 4)}`
  const key = `a${below(gen, 50).toString(36)}`
  const card = ids.length > 0 ? cards.get(oneOf(gen, ids)) : undefined
  if (!card || chance(gen, 15)) return addCard(Y, gen, cards, day, key)
  oneOf(gen, [
    () => card.set('at', [day, key]),
    () => card.set('status', oneOf(gen, ['idea', 'plan', 'booked'])),
    () => card.set('place', { src: 'geonames', id: '1', name: '성산', lat: 33.45, lng: 126.94 }),
    () => card.set('del', chance(gen, 50) ? null : { by: 'u', ts: 5 }),
    () => card.get('who').set(oneOf(gen, ['u1', 'u2']), true),
    () => editText(Y, gen, card.get('note')),
    () => editText(Y, gen, card.get('title')),
    () => editText(Y, gen, doc.getText(oneOf(gen, ['title', 'desc', 'day:d1:title', 'day:d1:note']))),
    () => doc.getMap('days').set(day, { ord: key, pin: '2026-12-24' }),
    () => doc.getMap('days').delete(day),
    () => doc.getMap('meta').set(oneOf(gen, ['start', 'cover', 'color']), oneOf(gen, WORDS)),
    () => doc.getMap('alts').set('group', { pick: oneOf(gen, ids) }),
    () => { if (chance(gen, 20)) cards.delete(oneOf(gen, ids)) }
  ])()
}

function addCard (Y, gen, cards, day, key) {
  cards.doc.transact(() => {
    const card = new Y.Map()
    cards.set(`0${below(gen, 1000000)}`, card)
    card.set('kind', 'note')
    card.set('at', [day, key])
    card.set('title', new Y.Text(oneOf(gen, WORDS)))
    card.set('note', new Y.Text())
    card.set('who', new Y.Map())
    card.set('del', null)
  })
}

/** The roots that edits happen in, beside those of a trip. */
export const ROOTS = { array: 'array', map: 'map', text: 'text', xml: 'xml' }

export const SORTS = {
  array: (Y, gen, doc) => editContainer(Y, gen, within(Y, gen, doc.getArray(ROOTS.array))),
  map: (Y, gen, doc) => editContainer(Y, gen, within(Y, gen, doc.getMap(ROOTS.map))),
  text: (Y, gen, doc) => editText(Y, gen, doc.getText(ROOTS.text)),
  xml: (Y, gen, doc) => editXml(Y, gen, doc.get(ROOTS.xml, Y.XmlElement)),
  trip: (Y, gen, doc) => editTrip(Y, gen, doc)
}

/** One edit or a few in a transaction, or a step back or forth. */
export function act (Y, gen, doc, undo, sorts) {
  const edit = () => SORTS[oneOf(gen, sorts)](Y, gen, doc)
  if (chance(gen, 10)) undo.undo()
  else if (chance(gen, 10)) undo.redo()
  else if (chance(gen, 30)) doc.transact(() => { for (let n = below(gen, 6); n >= 0; n--) edit() })
  else edit()
}

/** Undoes what this document's own user did. */
export function undoManager (Y, doc) {
  const roots = [
    doc.getArray(ROOTS.array), doc.getMap(ROOTS.map), doc.getText(ROOTS.text), doc.get(ROOTS.xml, Y.XmlElement),
    doc.getMap('cards'), doc.getMap('days'), doc.getMap('meta'), doc.getText('title'), doc.getText('desc')
  ]
  return new Y.UndoManager(roots, { captureTimeout: 0 })
}
