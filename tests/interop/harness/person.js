// A person with an account, and what that person does over REST.

const PASSWORD = 'correct horse battery staple'

export class Person {
  static #count = 0

  /** Signs up a new person and logs in. */
  static async signUp (server, name = 'Somebody', language = 'en') {
    const mail = `person-${++Person.#count}@example.org`
    await new Person(server).call('POST', '/accounts', { mail, password: PASSWORD, name, language })
    return Person.logIn(server, mail, PASSWORD)
  }

  static async logIn (server, mail, password) {
    const person = new Person(server)
    const { access, account } = await person.call('POST', '/sessions', { mail, password })
    return Object.assign(person, { mail, password, access, id: account.id, name: account.name })
  }

  constructor (server) {
    this.server = server
  }

  /** The answer's JSON. A problem document is thrown, with its status and code. */
  async call (method, path, body) {
    const answer = await fetch(`${this.server.http}/api/v1${path}`, {
      method,
      headers: {
        ...(body && { 'content-type': 'application/json' }),
        ...(this.access && { authorization: `Bearer ${this.access}` })
      },
      body: body && JSON.stringify(body)
    })
    const json = answer.status === 204 ? undefined : await answer.json()
    if (!answer.ok) {
      throw Object.assign(new Error(`${method} ${path}: ${answer.status} ${json.detail ?? json.title}`), json)
    }
    return json
  }

  /** The id of a new trip of three days. */
  async createTrip (fields = {}) {
    const trip = { title: 'Jeju', start: '2026-12-24', days: 3, tz: 'Asia/Seoul', cur: 'KRW', ...fields }
    return (await this.call('POST', '/trips', trip)).id
  }

  /** Invites somebody into a trip, who accepts. */
  async share (trip, other, role) {
    const { token } = await this.call('POST', `/trips/${trip}/invites`, { role })
    await other.call('POST', `/invites/${token}/accept`)
  }

  async setRole (trip, other, role) {
    await this.call('PATCH', `/trips/${trip}/members/${other.id}`, { role })
  }

  async remove (trip, other) {
    await this.call('DELETE', `/trips/${trip}/members/${other.id}`)
  }

  /** What `?token=` takes, for one document. */
  async ticket (trip) {
    return (await this.call('POST', `/documents/${trip}/tickets`)).token
  }

  async projection (trip) {
    return this.call('GET', `/trips/${trip}/projection`)
  }
}
