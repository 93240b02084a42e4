// What most tests begin with: one server for the file, people in one trip, and everybody's leave at the end of a test.

import { after, before } from 'node:test'

import { Peer } from './peer.js'
import { Person } from './person.js'
import { Raw } from './raw.js'
import { Server } from './server.js'

export class Scene {
  /** One server, with these variables, and one owner for all tests of a file. */
  static forFile (settings) {
    const scene = new Scene()
    before(async () => {
      scene.server = await Server.start(settings)
      scene.owner = await Person.signUp(scene.server, 'Owner')
    })
    after(() => scene.server.stop())
    return scene
  }

  /** A new trip of the owner. */
  async trip (fields) {
    return this.owner.createTrip(fields)
  }

  /** A new person with this role in the trip. */
  async member (trip, role = 'editor', name) {
    const person = await Person.signUp(this.server, name)
    await this.owner.share(trip, person, role)
    return person
  }

  /** A stock client that leaves when the test ends. */
  async join (test, trip, person = this.owner) {
    const peer = await Peer.join(person, trip)
    test.after(() => peer.leave())
    return peer
  }

  /** A raw client with a good ticket that leaves when the test ends. */
  async open (test, trip, { person = this.owner, ...query } = {}) {
    const raw = await Raw.open(this.server, trip, { token: await person.ticket(trip), ...query })
    test.after(() => raw.leave())
    return raw
  }
}
