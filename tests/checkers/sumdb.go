// Reads our published log with what the Go project wrote for its checksum database, and with nothing of ours.
//
//	sumdb log DIR VKEY [OLDER]     the log in DIR; OLDER: a checkpoint that it must have grown from
//	sumdb receipt VKEY ENTRY PROOF a receipt (tlog-proof) for the bytes in ENTRY
//
// Exit status 0: it holds. 1: it does not, with the reason on standard error.
package main

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const height = 8

// opened is the tree of a checkpoint that the holder of vkey has signed.
func opened(content []byte, vkey string) (tree tlog.Tree, err error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tree, err
	}
	signed, err := note.Open(content, note.VerifierList(verifier))
	if err != nil {
		return tree, err
	}
	lines := strings.Split(signed.Text, "\n")
	if len(lines) != 4 || lines[0] != verifier.Name() {
		return tree, fmt.Errorf("not a checkpoint of %s", verifier.Name())
	}
	if tree.N, err = strconv.ParseInt(lines[1], 10, 64); err != nil {
		return tree, err
	}
	tree.Hash, err = tlog.ParseHash(lines[2])
	return tree, err
}

// folder gives the tiles below a directory; their addresses have no height (c2sp.org/tlog-tiles).
type folder string

func (dir folder) Height() int { return height }

func (dir folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (dir folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	var found [][]byte
	for _, tile := range tiles {
		path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/", height), "tile/", 1)
		content, err := os.ReadFile(filepath.Join(string(dir), path))
		if err != nil {
			return nil, err
		}
		found = append(found, content)
	}
	return found, nil
}

// entries are the records of the bundle that begins at place first, as many as the tree has there.
func (dir folder) entries(first, size int64) ([][]byte, error) {
	tile := tlog.Tile{H: height, L: 0, N: first >> height, W: 1 << height}
	if rest := size - first; rest < 1<<height {
		tile.W = int(rest)
	}
	path := strings.Replace(tile.Path(), fmt.Sprintf("tile/%d/0/", height), "tile/entries/", 1)
	content, err := os.ReadFile(filepath.Join(string(dir), path))
	if err != nil {
		return nil, err
	}
	var found [][]byte
	for len(content) >= 2 {
		end := 2 + int(binary.BigEndian.Uint16(content))
		if end > len(content) {
			return nil, fmt.Errorf("%s is cut short", path)
		}
		found = append(found, content[2:end])
		content = content[end:]
	}
	if len(content) != 0 || len(found) != tile.W {
		return nil, fmt.Errorf("%s has %d entries instead of %d", path, len(found), tile.W)
	}
	return found, nil
}

func checkLog(dir folder, vkey string, older string) error {
	content, err := os.ReadFile(filepath.Join(string(dir), "checkpoint"))
	if err != nil {
		return err
	}
	tree, err := opened(content, vkey)
	if err != nil {
		return err
	}
	hashes := tlog.TileHashReader(tree, dir)
	for first := int64(0); first < tree.N; first += 1 << height {
		found, err := dir.entries(first, tree.N)
		if err != nil {
			return err
		}
		for offset, entry := range found {
			if err := checkEntry(tree, hashes, first+int64(offset), entry); err != nil {
				return err
			}
		}
	}
	if older == "" {
		return nil
	}
	if content, err = os.ReadFile(older); err != nil {
		return err
	}
	before, err := opened(content, vkey)
	if err != nil {
		return err
	}
	proof, err := tlog.ProveTree(tree.N, before.N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, before.N, before.Hash)
}

func checkEntry(tree tlog.Tree, hashes tlog.HashReader, place int64, entry []byte) error {
	proof, err := tlog.ProveRecord(tree.N, place, hashes)
	if err == nil {
		err = tlog.CheckRecord(proof, tree.N, tree.Hash, place, tlog.RecordHash(entry))
	}
	if err != nil {
		return fmt.Errorf("entry %d: %w", place, err)
	}
	return nil
}

func checkReceipt(vkey, entryFile, proofFile string) error {
	entry, err := os.ReadFile(entryFile)
	if err != nil {
		return err
	}
	content, err := os.ReadFile(proofFile)
	if err != nil {
		return err
	}
	above, signed, found := strings.Cut(string(content), "\n\n")
	lines := strings.Split(above, "\n")
	if !found || lines[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("not a tlog-proof")
	}
	if lines = lines[1:]; len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 {
		return fmt.Errorf("a proof without a place")
	}
	place, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return err
	}
	var proof tlog.RecordProof
	for _, line := range lines[1:] {
		hash, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(hash) != tlog.HashSize {
			return fmt.Errorf("not a hash: %q", line)
		}
		proof = append(proof, *(*tlog.Hash)(hash))
	}
	tree, err := opened([]byte(signed), vkey)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, tree.N, tree.Hash, place, tlog.RecordHash(entry))
}

func main() {
	told := append(os.Args[1:], "", "", "", "")
	var err error
	switch told[0] {
	case "log":
		err = checkLog(folder(told[1]), told[2], told[3])
	case "receipt":
		err = checkReceipt(told[1], told[2], told[3])
	default:
		err = fmt.Errorf("log or receipt")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
