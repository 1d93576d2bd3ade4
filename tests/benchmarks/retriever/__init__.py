"""The retriever's search beside others, over catalogues of several sizes."""
