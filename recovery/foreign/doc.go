// Package foreign reads the files in which other programs keep their users, for an
// import. A file is whatever somebody has: it is read as if an attacker had written
// it, bounded in everything, and what is wrong with one person is said with the line
// and stops no other.
//
// It looks at no store and writes nothing. No error and no note holds a password, a
// hash or a secret.
package foreign
