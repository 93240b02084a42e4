// The kinds of people there are: what each does in one edit, in shared types of its own kind.

import * as Y from 'yjs'

import { addCard, moveCard, noteOf } from '../harness/trip.js'

const WORDS = ['Seoul ', '제주 바다 ', 'a long walk ', 'coffee, ', '한글을 씁니다. ', '섬 ', 'x', '\n']

/** What people keep in one text, page or list: longer than this, they cut some of it. */
const MOST = { letters: 20_000, formatted: 3_000, paragraphs: 200, points: 500 }

/** A cursor that mostly stays where it was, as people's do. */
function cursor (me, length, random) {
  if (me.at === undefined || random.chance(0.05)) me.at = random.below(length + 1)
  me.at = Math.min(me.at, length)
  return me.at
}

/** Cuts a quarter of a text that has become too long. */
function hasCut (text, most, random) {
  if (text.length <= most) return false
  text.delete(random.below(text.length - most / 4), most / 4)
  return true
}

function typeInto (text, me, random) {
  const at = cursor(me, text.length, random)
  if (at > 0 && random.chance(0.2)) {
    const cut = Math.min(at, 1 + random.below(4))
    text.delete(at - cut, cut)
    me.at = at - cut
    return
  }
  const word = random.chance(0.7) ? random.pick(['a', 'e', '가', 'n', ' ']) : random.pick(WORDS)
  text.insert(at, word)
  me.at = at + word.length
}

/** Types a text letter by letter, and corrects itself. */
export function typing (doc, me, random) {
  const text = doc.getText('codemirror')
  if (!hasCut(text, MOST.letters, random)) typeInto(text, me, random)
}

/** Pastes long pieces into a text, cuts others out, and replaces words. */
export function pasting (doc, me, random) {
  const text = doc.getText('monaco')
  const at = random.below(text.length + 1)
  const length = Math.min(text.length - at, 1 + random.below(400))
  if (text.length > MOST.letters || (length > 0 && random.chance(0.4))) return text.delete(at, length)
  text.insert(at, random.pick(WORDS).repeat(1 + random.below(60)))
}

/** Formats a text: bold, links, headings, embeds. */
export function formatting (doc, me, random) {
  const text = doc.getText('quill')
  if (hasCut(text, MOST.formatted, random)) return
  if (text.length < 20 || random.chance(0.6)) return typeInto(text, me, random)
  const at = random.below(text.length)
  const length = Math.min(text.length - at, 1 + random.below(30))
  if (random.chance(0.1)) return text.insertEmbed(at, { image: 'https://example.org/a.png' })
  const bold = random.chance(0.5) ? true : null
  text.format(at, length, random.pick([{ bold }, { link: 'https://example.org' }, { header: 1 + random.below(3) }]))
}

/** Keeps a table: rows at both ends and in between, cells, rows that go. */
export function tables (doc, me, random) {
  const rows = doc.getArray('table')
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

/** Draws: a shape follows the pointer, sixty times a second; strokes grow point by point. */
export function drawing (doc, me, random) {
  const shapes = doc.getMap('shapes')
  if (me.shape === undefined || random.chance(0.01)) {
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
export function ordering (doc, me, random) {
  const list = doc.getArray('order')
  if (list.length < 30) return list.push([`item ${random.below(1e6)}`])
  const from = random.below(list.length)
  const value = list.get(from)
  list.delete(from, 1)
  list.insert(random.below(list.length + 1), [value])
}

/** Writes pages of paragraphs, as rich text editors keep them. */
export function writing (doc, me, random) {
  const page = doc.getXmlFragment('prosemirror')
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
  typeInto(text, me, random)
}

/** Plans a trip: cards are made, moved and written on. */
export function planning (doc, me, random) {
  const ids = [...doc.getMap('cards').keys()]
  if (ids.length < 5 || (ids.length < 60 && random.chance(0.05))) {
    return addCard(doc, `d${1 + random.below(3)}`, random.pick(WORDS))
  }
  const id = random.pick(ids)
  if (random.chance(0.3)) return moveCard(doc, id, `d${1 + random.below(3)}`)
  const note = noteOf(doc, id)
  if (note.length < 4000) typeInto(note, me, random)
  else note.delete(random.below(3000), 1000)
}

/** Does what another kind does, and takes a part of it back, and again. */
export function undoing (doc, me, random) {
  me.undo ??= new Y.UndoManager([doc.getText('codemirror'), doc.getArray('table')], { captureTimeout: 0 })
  if (random.chance(0.25)) me.undo.undo()
  else if (random.chance(0.2)) me.undo.redo()
  else random.pick([typing, tables])(doc, me, random)
}

export const KINDS = { typing, pasting, formatting, tables, drawing, ordering, writing, planning, undoing }
