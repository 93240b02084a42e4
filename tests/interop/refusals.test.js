// What Yjs can make and a document doesn't take, as docs/PROTOCOL.md lists it: refused whole, and the room goes on.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as Y from 'yjs'

import { insertion, update } from './harness/raw.js'
import { Scene } from './harness/scene.js'
import { until } from './harness/wait.js'

const scene = Scene.forFile()

const MALFORMED = 2

function nested (depth) {
  let value = 1
  for (let n = 0; n < depth; n++) value = [value]
  return value
}

function nestTypes (doc, depth) {
  let map = doc.getMap('map')
  for (let n = 0; n < depth; n++) {
    const inner = new Y.Map()
    map.set('k', inner)
    map = inner
  }
}

const REFUSED = {
  'a subdocument': (doc) => doc.getMap('map').set('k', new Y.Doc()),
  'an XML hook': (doc) => doc.getXmlFragment('xml').insert(0, [new Y.XmlHook('hook')]),
  'a list where cards are': (doc) => doc.getArray('cards').insert(0, [1]),
  'a text where days are': (doc) => doc.getText('days').insert(0, 'x'),
  'a list where the title is': (doc) => doc.getArray('title').insert(0, [1]),
  'a root with a long name': (doc) => doc.getText('n'.repeat(129)).insert(0, 'x'),
  'a long key': (doc) => doc.getMap('map').set('k'.repeat(513), 1),
  'a value that nests too deep': (doc) => doc.getMap('map').set('k', nested(26)),
  'shared types that nest too deep': (doc) => nestTypes(doc, 31)
}

const TAKEN = {
  'a root with the longest name': (doc) => doc.getText('n'.repeat(128)).insert(0, 'x'),
  'the longest key': (doc) => doc.getMap('map').set('k'.repeat(512), 1),
  'a value that nests as deep as it may': (doc) => doc.getMap('map').set('k', nested(24)),
  'shared types that nest as deep as they may': (doc) => nestTypes(doc, 30),
  'an attribute of a text': (doc) => doc.getText('title').setAttribute('align', 'left'),
  'a shared type in a text': (doc) => doc.getText('title').insertEmbed(0, new Y.Map())
}

function made (edit) {
  const doc = new Y.Doc()
  doc.transact(() => edit(doc))
  return Y.encodeStateAsUpdate(doc)
}

for (const [what, edit] of Object.entries(REFUSED)) {
  test(`${what} is refused`, async (t) => {
    const id = await scene.trip()
    const witness = await scene.join(t, id)
    const raw = await scene.open(t, id, { ack: 1 })
    raw.send(update(made(edit)))
    const refusal = await until('a refusal', () => raw.refusal)
    assert.equal(refusal.status, MALFORMED)
    const next = await scene.open(t, id, { ack: 1 })
    next.send(update(insertion('still here')))
    await until('the room goes on', () => witness.doc.getText('desc').toString() === 'still here')
  })
}

for (const [what, edit] of Object.entries(TAKEN)) {
  test(`${what} is taken`, async (t) => {
    const raw = await scene.open(t, await scene.trip(), { ack: 1 })
    raw.send(update(made(edit)))
    await until('it is stored', () => raw.stored === 1)
    assert.equal(raw.refusal, undefined)
  })
}

test('an update in Yjs\'s second format is refused', async (t) => {
  const raw = await scene.open(t, await scene.trip(), { ack: 1 })
  const doc = new Y.Doc()
  doc.getText('desc').insert(0, 'x')
  raw.send(update(Y.encodeStateAsUpdateV2(doc)))
  assert.equal((await until('a refusal', () => raw.refusal)).status, MALFORMED)
})
