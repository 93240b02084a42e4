// Honest sessions of every kind of people there are: however long they edit, nothing is refused, and all agree.

import { test } from 'node:test'

import * as Y from 'yjs'

import { asOne, KINDS } from './honest/kinds.js'
import { AT_ONCE, Session } from './honest/session.js'
import { Random } from './harness/random.js'
import { Scene } from './harness/scene.js'
import * as trip from './harness/trip.js'

const scene = Scene.forFile(AT_ONCE)

async function hold (t, authors, seed, work) {
  const session = await Session.open(scene, authors)
  t.after(() => session.leave())
  const random = new Random(seed)
  const edit = await work(session, random)
  await session.restarted(edit, random)
}

/** The same edit so often, of one author. */
function alone (what, count, edit) {
  test(what, { timeout: 300_000 }, (t) => hold(t, 1, count, async (session, random) => {
    await session.run(count, asOne(edit), random)
    return asOne(edit)
  }))
}

const paragraph = () => {
  const element = new Y.XmlElement('paragraph')
  element.insert(0, [new Y.XmlText('a paragraph')])
  return element
}
const row = () => new Y.Map([['name', 'a row'], ['amount', 1]])

alone('5 793 paragraphs are appended', 5_793, (doc) => {
  const page = doc.getXmlFragment('page')
  page.insert(page.length, [paragraph()])
})

alone('5 793 rows are appended', 5_793, (doc) => doc.getArray('rows').push([row()]))

alone('5 793 rows are put in front', 5_793, (doc) => doc.getArray('rows').unshift([row()]))

alone('somebody types at random places', 5_793, (doc, me, random) => {
  const text = doc.getText('page')
  text.insert(random.below(text.length + 1), 'x')
})

alone('a shape is dragged at 60 Hz for 50 s', 3_000, (doc, me, random) => {
  const shape = doc.getMap('shape')
  shape.set('x', random.below(1000))
  shape.set('y', random.below(1000))
})

test('four insert and correct in a note of 9 000 letters', { timeout: 300_000 }, (t) =>
  hold(t, 4, 4, async (session, random) => {
    const id = trip.addCard(session.peers[0].doc, 'd1', 'a card')
    trip.noteOf(session.peers[0].doc, id).insert(0, 'nine letters '.repeat(700).slice(0, 9_000))
    await session.agreed()
    const correct = asOne((doc, me, random) => {
      const note = trip.noteOf(doc, id)
      const at = random.below(note.length)
      note.insert(at, 'wrnog')
      note.delete(at, 5)
      note.insert(at, random.chance(0.5) ? 'w' : '')
    })
    await session.run(1_500, correct, random)
    return correct
  }))

test('two move one card 6 500 times', { timeout: 300_000 }, (t) => hold(t, 2, 5, async (session, random) => {
  const id = trip.addCard(session.peers[0].doc, 'd1', 'a card')
  await session.agreed()
  const move = (doc, me, random) => {
    doc.getMap('cards').get(id).set('at', [`d${1 + random.below(3)}`, `a${random.below(9)}`])
  }
  await session.run(3_250, move, random)
  return move
}))

test('a text of 60 000 letters is opened in an editor of its own', (t) => hold(t, 2, 6, async (session) => {
  const write = (doc) => doc.getText('codemirror').insert(0, 'a line of text\n'.repeat(500))
  for (let n = 0; n < 8; n++) {
    session.edit(session.peers[n % 2], write)
    await session.agreed()
  }
  return write
}))

/** Four of a kind, with an hour offline. */
for (const [kind, edit] of Object.entries(KINDS)) {
  test(`four are ${kind}`, { timeout: 300_000 }, (t) => hold(t, 4, kind.length, async (session, random) => {
    await session.run(150, edit, random)
    await session.apart(60, edit, random)
    await session.run(20, edit, random)
    return edit
  }))
}
