// Everybody in one document: who stays, who vanishes on the way, and what must hold for all of them.

import assert from 'node:assert/strict'

import * as Y from 'yjs'

import { agree, assertWelcome, Peer } from '../harness/peer.js'
import { Person } from '../harness/person.js'
import { until } from '../harness/wait.js'
import { Listener } from './listener.js'
import { Member } from './member.js'

/** Those in one document, the guest included. */
const SIZE = 12

/** What the reader is by turns; each time they are told. */
const ROLES = ['commenter', 'viewer']

/** Those who come after them. */
const LATER = 4

export class Crowd {
  /** Twelve clients in a new trip, one of them on the first node alone, the others wherever nginx sends them. */
  static async gather (fleet) {
    const crowd = new Crowd()
    crowd.owner = await Person.signUp(fleet.nginx)
    crowd.id = await crowd.owner.createTrip()
    const join = async (options) => {
      const person = await Person.signUp(fleet.nginx)
      await crowd.owner.share(crowd.id, person, 'editor')
      return Member.join(person, crowd.id, options)
    }
    crowd.guest = await join({ acks: true, server: fleet.nodes[0] })
    crowd.reader = await Person.signUp(fleet.nginx)
    await crowd.owner.share(crowd.id, crowd.reader, 'viewer')
    crowd.listener = new Listener(crowd.reader)
    crowd.told = 0
    const others = Array.from({ length: SIZE - 1 }, (_, n) => join({ acks: n % 2 === 0 }))
    crowd.there = [crowd.guest, ...await Promise.all(others)]
    crowd.all = [...crowd.there]
    return crowd
  }

  /** Takes one out who never comes back. */
  lose (member = this.there.find(({ acks }) => acks)) {
    this.there = this.there.filter((other) => other !== member)
    member.vanish()
  }

  isSeen (member) {
    return this.there.some(({ awareness }) => awareness.getStates().has(member.doc.clientID))
  }

  isSeenByAll (member) {
    return this.there.every(({ awareness }) => awareness.getStates().has(member.doc.clientID))
  }

  mark (name) {
    this.there.forEach((member) => member.mark(name))
    this.marked = [...this.there]
  }

  /** Gives the reader another role, however often that takes: who hears of it is told once. */
  async tell () {
    const role = ROLES[this.told % ROLES.length]
    const set = () => this.owner.setRole(this.id, this.reader, role).then(() => true, () => false)
    await until('the role is set', set, 30_000)
    this.told++
  }

  /** Whether the reader was told all of it. */
  get hasHeardAll () {
    return this.listener.heard.length >= this.told
  }

  /** Each of it once, and in order. */
  assertHeardOnce () {
    assert.deepEqual(this.listener.heard, Array.from({ length: this.told }, (_, n) => n + 1))
  }

  /** Whether everybody has everybody's mark. */
  hasAllMarks (name) {
    return this.there.every((member) => this.marked.every((other) => member.hasMarkOf(name, other)))
  }

  get agrees () {
    return agree(this.there)
  }

  /** Whether all that was sent by those who are there is durable, as far as they asked. */
  get isAcknowledged () {
    return this.there.every(({ acks, acknowledged, clock }) => !acks || acknowledged >= clock)
  }

  /** A client that was never here has what all had, and all that was acknowledged to whomever. */
  async isKept (snapshot) {
    const fresh = await Peer.join(this.owner, this.id)
    await until('a fresh client agrees', () => Y.equalSnapshots(Y.snapshot(fresh.doc), snapshot), 30_000)
    this.#holdsWhatWasAcknowledged(fresh)
  }

  /** A client that was never here has all that was acknowledged, whatever became of the rest. */
  async isAcknowledgedKept () {
    this.#holdsWhatWasAcknowledged(await Peer.join(this.owner, this.id))
  }

  #holdsWhatWasAcknowledged (fresh) {
    for (const { acknowledged, doc } of this.all) {
      const there = Y.getState(fresh.doc.store, doc.clientID)
      assert.ok(there >= acknowledged, `${there} of ${acknowledged} acknowledged operations are there`)
    }
    fresh.leave()
  }

  /** A few others, who count what is acknowledged, come instead. */
  async comeAnew () {
    this.leave()
    const others = Array.from({ length: LATER }, () => Member.join(this.owner, this.id, { acks: true }))
    this.there = await Promise.all(others)
    this.all.push(...this.there)
  }

  /**
   * Nobody was refused anything for good, nor sent away for good. Who has just come back may send an edit before the
   * step 2 that holds what it builds on; it is asked for all of it (status 6).
   */
  assertWelcome () {
    this.all.forEach(assertWelcome)
    for (const { refusals, connections } of this.all) {
      const lasting = connections > 1 ? refusals.filter((refusal) => !refusal.startsWith('6 ')) : refusals
      assert.deepEqual(lasting, [])
    }
  }

  leave () {
    this.there.forEach((member) => member.leave())
  }

  /** Also those who only listen. */
  disperse () {
    this.leave()
    this.listener.leave()
  }
}
