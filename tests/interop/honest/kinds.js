// The kinds of people there are: what each does in one edit, in shared types of its own kind.

import * as Y from 'yjs'

import { addCard, isTrashed, moveCard, noteOf, recoverCard, trashCard } from '../harness/trip.js'

const WORDS = ['Seoul ', '제주 바다 ', 'a long walk ', 'coffee, ', '한글을 씁니다. ', '섬 ', 'x', '\n']

/** What people keep in one text, page or list: longer than this, they cut some of it. */
const MOST = { letters: 20_000, formatted: 3_000, paragraphs: 200, points: 500, cards: 60, note: 4_000 }

/** So many edits of a kind a file, table or page lasts on average: then somebody begins a new one. */
const LASTS = 1_500
/** So many of those that people began are kept. What is older is thrown away. */
const KEPT = 3

/**
 * What people work on: at first in a root, later in the newest of a map. Yjs keeps an item for each that was ever
 * deleted from a list, and looks at them at the next edit: nobody edits one list hundreds of thousands of times.
 */
function current (doc, name, Type, random) {
  const later = doc.getMap(`later ${name}`)
  const keys = [...later.keys()].sort()
  if (random.chance(1 / LASTS)) {
    // Under a key of one's own: two who begin at the same time begin two.
    const number = 1 + Number(keys.at(-1)?.split(' ')[0] ?? 0)
    const key = `${String(number).padStart(6, '0')} ${doc.clientID}`
    keys.slice(0, -KEPT).forEach((old) => later.delete(old))
    return later.set(key, new Type())
  }
  return keys.length > 0 ? later.get(keys.at(-1)) : doc.get(name, Type)
}

/** Where somebody's cursor is in a text: mostly where it was, however much others write before it. */
function cursor (text, me, random) {
  me.cursors ??= new WeakMap()
  if (me.cursors.has(text) && !random.chance(0.05)) {
    const found = Y.createAbsolutePositionFromRelativePosition(me.cursors.get(text), text.doc)
    if (found?.type === text) return found.index
  }
  return random.below(text.length + 1)
}

function putCursor (text, me, at) {
  me.cursors.set(text, Y.createRelativePositionFromTypeIndex(text, at, -1))
}

/** Cuts a quarter of a text that has become too long. */
function hasCut (text, most, random) {
  if (text.length <= most) return false
  text.delete(random.below(text.length - most / 4), most / 4)
  return true
}

function typeInto (text, me, random) {
  const at = cursor(text, me, random)
  if (at > 0 && random.chance(0.2)) {
    const cut = Math.min(at, 1 + random.below(4))
    text.delete(at - cut, cut)
    return putCursor(text, me, at - cut)
  }
  const word = random.chance(0.7) ? random.pick(['a', 'e', '가', 'n', ' ']) : random.pick(WORDS)
  text.insert(at, word)
  putCursor(text, me, at + word.length)
}

/** Types a text letter by letter, and corrects itself. */
function typing (doc, me, random) {
  const text = current(doc, 'codemirror', Y.Text, random)
  if (!hasCut(text, MOST.letters, random)) typeInto(text, me, random)
}

/** Pastes long pieces into a text, cuts others out, and replaces words. */
function pasting (doc, me, random) {
  const text = current(doc, 'monaco', Y.Text, random)
  const at = random.below(text.length + 1)
  const length = Math.min(text.length - at, 1 + random.below(400))
  if (text.length > MOST.letters || (length > 0 && random.chance(0.4))) return text.delete(at, length)
  text.insert(at, random.pick(WORDS).repeat(1 + random.below(60)))
}

/** Formats a text: bold, links, headings, embeds. */
function formatting (doc, me, random) {
  const text = current(doc, 'quill', Y.Text, random)
  if (hasCut(text, MOST.formatted, random)) return
  if (text.length < 20 || random.chance(0.6)) return typeInto(text, me, random)
  const at = random.below(text.length)
  const length = Math.min(text.length - at, 1 + random.below(30))
  if (random.chance(0.1)) return text.insertEmbed(at, { image: 'https://example.org/a.png' })
  const bold = random.chance(0.5) ? true : null
  text.format(at, length, random.pick([{ bold }, { link: 'https://example.org' }, { header: 1 + random.below(3) }]))
}

/** Keeps a table: rows at both ends and in between, cells, rows that go. */
function tables (doc, me, random) {
  const rows = current(doc, 'table', Y.Array, random)
  if (rows.length < 3 || random.chance(0.3)) {
    const row = new Y.Map()
    row.set('name', random.pick(WORDS))
    row.set('amount', random.below(1000))
    return rows.insert(random.pick([0, rows.length, random.below(rows.length + 1)]), [row])
  }
  const at = random.below(rows.length)
  if (rows.length > 300 || random.chance(0.1)) return rows.delete(at, 1)
  rows.get(at).set(random.pick(['name', 'amount', 'who']), random.below(1000))
}

/** Draws: a shape follows the pointer, sixty times a second; strokes grow point by point; some are wiped out. */
function drawing (doc, me, random) {
  const shapes = doc.getMap('shapes')
  if (!shapes.has(me.shape) || random.chance(0.01)) {
    if (shapes.has(me.shape) && random.chance(0.5)) shapes.delete(me.shape)
    me.shape = `shape ${random.below(40)}`
    if (!shapes.has(me.shape)) {
      const shape = new Y.Map()
      shape.set('points', new Y.Array())
      shapes.set(me.shape, shape)
    }
  }
  const shape = shapes.get(me.shape)
  const points = shape.get('points')
  if (points.length > MOST.points) return points.delete(0, points.length)
  if (random.chance(0.2)) return points.push([random.below(1000), random.below(1000)])
  shape.set('x', random.below(1000))
  shape.set('y', random.below(1000))
}

/** Re-orders a list of plain values, as board programs do: out here, in there. */
function ordering (doc, me, random) {
  const list = current(doc, 'order', Y.Array, random)
  if (list.length < 30) return list.push([`item ${random.below(1e6)}`])
  const from = random.below(list.length)
  const value = list.get(from)
  list.delete(from, 1)
  list.insert(random.below(list.length + 1), [value])
}

/** Writes pages of paragraphs, as rich text editors keep them. */
function writing (doc, me, random) {
  const page = current(doc, 'prosemirror', Y.XmlFragment, random)
  if (page.length < 2 || random.chance(0.1)) {
    const paragraph = new Y.XmlElement('paragraph')
    paragraph.insert(0, [new Y.XmlText(random.pick(WORDS))])
    return page.insert(random.pick([page.length, random.below(page.length + 1)]), [paragraph])
  }
  const at = random.below(page.length)
  const paragraph = page.get(at)
  if (page.length > MOST.paragraphs || random.chance(0.05)) return page.delete(at, 1)
  if (random.chance(0.05)) return paragraph.setAttribute('align', random.pick(['left', 'right']))
  const text = paragraph.get(0)
  if (text === undefined) return paragraph.insert(0, [new Y.XmlText('again')])
  if (text.length > 1 && random.chance(0.03)) return split(page, at, text, 1 + random.below(text.length - 1))
  typeInto(text, me, random)
}

/** What the Enter key does in a paragraph: the rest of its letters goes into a new one. */
function split (page, at, text, from) {
  const rest = text.toString().slice(from)
  text.delete(from, rest.length)
  const paragraph = new Y.XmlElement('paragraph')
  paragraph.insert(0, [new Y.XmlText(rest)])
  page.insert(at + 1, [paragraph])
}

/** Plans a trip: cards are made, moved and written on, go to the trash, and come back from it. */
function planning (doc, me, random) {
  const all = [...doc.getMap('cards').keys()]
  const ids = all.filter((id) => !isTrashed(doc, id))
  if (ids.length < 5 || (ids.length < MOST.cards && random.chance(0.05))) {
    return addCard(doc, `d${1 + random.below(3)}`, random.pick(WORDS))
  }
  const id = random.pick(ids)
  if (random.chance(0.3)) return moveCard(doc, id, `d${1 + random.below(3)}`)
  if (random.chance(0.001)) return trashCard(doc, id)
  if (random.chance(0.0003)) return recoverCard(doc, random.pick(all))
  const note = noteOf(doc, id)
  if (!hasCut(note, MOST.note, random)) typeInto(note, me, random)
}

/** Does what another kind does, and takes a part of it back, and again. */
function undoing (doc, me, random) {
  const scope = [current(doc, 'codemirror', Y.Text, random), current(doc, 'table', Y.Array, random)]
  if (!scope.every((type) => me.undo?.scope.includes(type))) {
    // An editor that is opened anew knows of no steps.
    me.undo?.clear()
    me.undo?.destroy()
    me.undo = new Y.UndoManager(scope, { captureTimeout: 0 })
  }
  if (random.chance(0.25)) me.undo.undo()
  else if (random.chance(0.2)) me.undo.redo()
  else asOne(random.pick([typing, tables]))(doc, me, random)
}

/** An edit is one transaction, as an editor's step is one update. */
export function asOne (edit) {
  return (doc, me, random) => doc.transact(() => edit(doc, me, random))
}

const ofOneStep = { typing, pasting, formatting, tables, drawing, ordering, writing, planning }

export const KINDS = {
  ...Object.fromEntries(Object.entries(ofOneStep).map(([kind, edit]) => [kind, asOne(edit)])),
  // The steps of an undo manager are transactions of their own: inside another one it takes an undo for an edit.
  undoing
}
