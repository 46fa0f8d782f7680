// Which knowledge base this is: commit, fingerprint, whether a push was finished
MATCH (m:__KnowledgeBase__)
RETURN m.commit AS commit, m.fingerprint AS fingerprint, m.complete AS complete, m.counts__json AS counts
