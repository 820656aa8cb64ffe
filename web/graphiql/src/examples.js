// SPDX-License-Identifier: AGPL-3.0-or-later

// What people do in a time bank, a tab each. A test runs every one against the
// contract.

export const french = [`# Bienvenue ! Ici, une heure vaut une heure.
# Ce que ce serveur est, sans se connecter.
query Bonjour {
  serverInfo { version featureLevel minSupportedAppVersion }
  communities(first: 10) { nodes { name slug } }
}
`, `# Se connecter. Copiez ensuite accessToken dans l’onglet « Headers » :
# { "Authorization": "Bearer …" }
mutation SeConnecter {
  signIn(input: { email: "anna@example.org", password: "" }) {
    session { accessToken expiresAt }
    userErrors { field message }
  }
}
`, `# Chercher de l’aide : sans accents ni majuscules, à une faute près.
query Chercher {
  community(slug: "port") {
    listings(filter: { kind: OFFER, text: "couture" }, first: 10) {
      nodes { id title serviceType { label } member { displayName } photos { url(size: SMALL) alt } }
    }
  }
}
`, `# Proposer une heure. Pour l’envoyer de nouveau après une coupure, gardez la clé.
mutation Proposer {
  proposeExchange(input: { communityId: "", listingId: "", minutes: 60, idempotencyKey: "brouillon-1" }) {
    exchange { id state expiresAt }
    userErrors { code field message }
  }
}
`, `# Mes heures, et d’où elles viennent.
query MesHeures {
  viewer {
    memberships { nodes { community { name } account { balance available entries(first: 10) { nodes { minutes postedAt transfer { kind } } } } } }
  }
}
`];

export const english = [`# Welcome! Here, an hour is worth an hour.
# What this server is, without signing in.
query Hello {
  serverInfo { version featureLevel minSupportedAppVersion }
  communities(first: 10) { nodes { name slug } }
}
`, `# Sign in. Then copy accessToken into the "Headers" tab:
# { "Authorization": "Bearer …" }
mutation SignIn {
  signIn(input: { email: "anna@example.org", password: "" }) {
    session { accessToken expiresAt }
    userErrors { field message }
  }
}
`, `# Look for help: accents, case and small typos do not matter.
query LookForHelp {
  community(slug: "port") {
    listings(filter: { kind: OFFER, text: "sewing" }, first: 10) {
      nodes { id title serviceType { label } member { displayName } photos { url(size: SMALL) alt } }
    }
  }
}
`, `# Propose an hour. To send it again after a broken connection, keep the key.
mutation Propose {
  proposeExchange(input: { communityId: "", listingId: "", minutes: 60, idempotencyKey: "draft-1" }) {
    exchange { id state expiresAt }
    userErrors { code field message }
  }
}
`, `# My hours, and where they come from.
query MyHours {
  viewer {
    memberships { nodes { community { name } account { balance available entries(first: 10) { nodes { minutes postedAt transfer { kind } } } } } }
  }
}
`];
