// Stock clients of several ages: they join and edit, and those that heed no close code are slowed down.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import WebSocket from 'ws'
import { WebsocketProvider as Newest } from 'y-websocket'
import { WebsocketProvider as Of13 } from 'y-websocket-1-3'
import { WebsocketProvider as Of15 } from 'y-websocket-1-5'
import { WebsocketProvider as Of21 } from 'y-websocket-2-1'
import { WebsocketProvider as Of30 } from 'y-websocket-3-0'
import * as Y from 'yjs'

import { Scene } from './harness/scene.js'
import { until } from './harness/wait.js'

const scene = Scene.forFile()

const AGES = { 1.3: Of13, 1.5: Of15, 2.1: Of21, '3.0': Of30, 3.1: Newest }

/** For how long a client that is sent away is watched, and how often it may connect in that time. */
const WATCHED = 6_000
const OFTEN = 4

/** A WebSocket that counts how often one is opened. */
function counting () {
  return class Counting extends WebSocket {
    static opened = 0

    constructor (...args) {
      super(...args)
      Counting.opened += 1
    }
  }
}

function provider (t, Provider, trip, doc, token, options = {}) {
  const one = new Provider(scene.server.ws, trip, doc, {
    params: { token }, WebSocketPolyfill: WebSocket, disableBc: true, ...options
  })
  t.after(() => {
    one.destroy()
    // And with it the awareness, whose timer would keep this process.
    doc.destroy()
  })
  return one
}

for (const [age, Provider] of Object.entries(AGES)) {
  test(`y-websocket ${age} joins, reads and writes`, async (t) => {
    const trip = await scene.trip({ title: 'Jeju' })
    const [mine, theirs] = [new Y.Doc(), await scene.join(t, trip)]
    const one = provider(t, Provider, trip, mine, await scene.owner.ticket(trip))
    await until('it is synced', () => one.synced)
    assert.equal(mine.getText('title').toString(), 'Jeju')
    mine.getText('desc').insert(0, age)
    await until('the others have its edit', () => theirs.doc.getText('desc').toString() === age)
    theirs.doc.getText('desc').insert(0, 'and ')
    await until('it has theirs', () => mine.getText('desc').toString() === `and ${age}`)
  })

  test(`y-websocket ${age} with a ticket that has run out does not come back without end`, async (t) => {
    const Counting = counting()
    provider(t, Provider, await scene.trip(), new Y.Doc(), 'expired', { WebSocketPolyfill: Counting })
    await pause(WATCHED)
    assert.ok(Counting.opened >= 1 && Counting.opened <= OFTEN, `${Counting.opened} times`)
  })

  test(`y-websocket ${age} whose edits are refused does not send them without end, and others go on`, async (t) => {
    const trip = await scene.trip()
    const [doc, Counting, other] = [new Y.Doc(), counting(), await scene.join(t, trip)]
    doc.getMap('files').set('sub', new Y.Doc())
    doc.getMap('files').set('large', 'x'.repeat(200_000))
    provider(t, Provider, trip, doc, await scene.owner.ticket(trip), { WebSocketPolyfill: Counting })
    const another = await scene.join(t, trip)
    const end = Date.now() + WATCHED
    for (let n = 0; Date.now() < end; n++) {
      const began = Date.now()
      other.doc.getText('desc').insert(0, `${n} `)
      await until('the edit is there', () => another.doc.getText('desc').toString().startsWith(`${n} `), 2_000)
      await pause(Math.max(0, began + 200 - Date.now()))
    }
    assert.ok(Counting.opened >= 1 && Counting.opened <= OFTEN, `${Counting.opened} times`)
    assert.ok(other.isConnected && another.isConnected)
    await scene.join(t, trip)
  })
}

test('a subprotocol is selected, and may bring the ticket', async (t) => {
  const trip = await scene.trip({ title: 'Jeju' })
  const token = await scene.owner.ticket(trip)
  for (const [given, protocols] of [[token, ['yjs']], [undefined, ['yjs', `moim.ticket.${token}`]]]) {
    const doc = new Y.Doc()
    const one = provider(t, Newest, trip, doc, given, { protocols, params: given ? { token } : {} })
    await until('it is synced', () => one.synced)
    assert.equal(one.ws.protocol, 'yjs')
    assert.equal(doc.getText('title').toString(), 'Jeju')
  }
})

test('an avatar that is too large for the awareness costs nobody the connection', async (t) => {
  const trip = await scene.trip()
  const [one, other] = [await scene.join(t, trip), await scene.join(t, trip)]
  one.awareness.setLocalStateField('view', 'map')
  await until('it is seen', () => [...other.others().values()].some(({ view }) => view === 'map'))
  one.awareness.setLocalStateField('avatar', `data:image/png;base64,${'A'.repeat(5_000)}`)
  one.doc.getText('desc').insert(0, 'still here')
  await until('its edits go on', () => other.doc.getText('desc').toString() === 'still here')
  assert.ok(one.isConnected)
  assert.equal(one.closed, undefined)
  one.awareness.setLocalState({ view: 'list' })
  await until('a smaller state is taken', () => [...other.others().values()].some(({ view }) => view === 'list'))
})
